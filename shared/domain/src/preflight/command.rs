//! Commands of the AWS CLI, to be pasted into a shell as they are.

/// A command in a region; each word is quoted where a shell would read it otherwise.
pub(super) fn aws(words: &[&str], region: &str) -> String {
    let mut command = "aws".to_owned();
    for word in words.iter().chain(&["--region", region]) {
        command.push(' ');
        command += &quoted(word);
    }
    command
}

/// A word as a shell reads it back.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_can_be_pasted() {
        let words =
            ["ecs", "tag-resource", "--resource-arn", "arn:aws:ecs:x:1:service/c/s", "--tags", "key=a,value=true"];
        let expected =
            "aws ecs tag-resource --resource-arn arn:aws:ecs:x:1:service/c/s --tags key=a,value=true --region x-1";
        assert_eq!(aws(&words, "x-1"), expected);
        assert_eq!(aws(&["sqs", r#"{"a":"it's"}"#, ""], "r"), r#"aws sqs '{"a":"it'\''s"}' '' --region r"#);
    }
}
