//! The bill as a person reads it, and as `functions/README.md` has it.

use super::{Bill, StackUse};

/// Item by stack in US dollars a month, as a table of Markdown: list prices, and the sum with free tiers beside it.
pub fn table(bill: &Bill) -> String {
    let head: Vec<&str> = bill.stacks.iter().map(|stack| stack.name.as_str()).collect();
    let mut lines = vec![
        format!("| USD a month | {} | all | with free tiers |", head.join(" | ")),
        format!("|{}", " --- |".repeat(head.len() + 3)),
    ];
    for item in bill.prices.keys() {
        let of = |stack: &StackUse| bill.list(stack, item);
        let sum: f64 = bill.stacks.iter().map(of).sum();
        if sum > 0.0 {
            lines.push(line(item, bill.stacks.iter().map(of), sum, bill.free(item)));
        }
    }
    let whole = |stack: &StackUse| bill.prices.keys().map(|item| bill.list(stack, item)).sum::<f64>();
    lines.push(line("**all**", bill.stacks.iter().map(whole), bill.list_total(), bill.free_total()));
    lines.join("\n")
}

fn line(name: &str, stacks: impl Iterator<Item = f64>, sum: f64, free: f64) -> String {
    let cells: Vec<String> = stacks.map(|usd| format!("{usd:.2}")).collect();
    format!("| {name} | {} | {sum:.2} | {free:.2} |", cells.join(" | "))
}
