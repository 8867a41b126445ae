#![allow(clippy::unwrap_used)]
use super::*;

fn bill() -> Bill {
    Bill::of(&StackTemplate::of_this_repository().unwrap()).unwrap()
}

#[test]
fn the_bill_is_within_its_goals() {
    assert_eq!(bill().missed(), Vec::<String>::new());
}

#[test]
fn an_alarm_more_and_a_metric_that_is_always_there_are_on_the_bill() {
    let mut bill = bill();
    let (list, free) = (bill.list_total(), bill.free_total());
    for (item, usd) in [("alarm", 0.10), ("metric", 0.30)] {
        *bill.stacks[0].quantities.get_mut(item).unwrap() += 1.0;
        assert!((bill.list_total() - list - usd).abs() < 0.001, "{item}");
        *bill.stacks[0].quantities.get_mut(item).unwrap() -= 1.0;
    }
    // The account has used up its free alarms, and not its free metrics.
    *bill.stacks[0].quantities.get_mut("alarm").unwrap() += 1.0;
    *bill.stacks[0].quantities.get_mut("metric").unwrap() += 1.0;
    assert!((bill.free_total() - free - 0.10).abs() < 0.001);
    *bill.stacks[0].quantities.get_mut("transition").unwrap() += 200_000.0;
    assert_eq!(bill.missed().len(), 2);
}

#[test]
fn each_price_has_its_source_and_its_date() {
    for (item, price) in bill().prices {
        // A copy of AWS's own page says no day, and another one a year only: better that than a day that nobody read.
        assert!(!price.unit.is_empty() && !price.source.is_empty() && !price.date.is_empty(), "{item}");
    }
}

#[test]
fn the_page_has_the_bill_as_the_command_prints_it() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../functions/README.md")).unwrap();
    let table = table(&bill());
    assert!(page.contains(&table), "functions/README.md has another bill than `cargo bill`:\n{table}");
}
