//! Messages in a chat: their form, and what the buttons of the paper send.

use crate::documents::read;
use serde_json::{Value, json};
use watchkeeper_control::window::event::WidgetEvent;
use watchkeeper_domain::emergency::{ask, question_mark};
use watchkeeper_domain::message::{ChatNotification, Message};
use watchkeeper_domain::name::{EnvironmentName, EstateName, Region, Scope};
use watchkeeper_domain::run::RunRef;
use watchkeeper_tests::chat::{notification_flaws, paper_actions, pressed};
use watchkeeper_window::call::Verb;

const RUN: &str = "clos-v2-prod-surge-20261120T180000Z";

fn of(message: &Message) -> Value {
    let topic = "arn:aws:sns:us-east-1:123456789012:watchkeeper-chat".parse().unwrap();
    serde_json::from_str(&ChatNotification::of(message, &topic).to_string()).unwrap()
}

fn question() -> Value {
    let scope = Scope {
        estate: EstateName::new("clos-v2").unwrap(),
        environment: EnvironmentName::new("prod").unwrap(),
        region: Region::new("us-east-1").unwrap(),
    };
    of(&ask(&RunRef::new(scope, RUN), "surge", "why", "the plan", "token", jiff::Timestamp::UNIX_EPOCH))
}

#[test]
fn a_notification_is_as_the_guide_has_it_and_each_field_that_is_not_is_found() {
    assert_eq!(notification_flaws(&question()), Vec::<String>::new());
    assert_eq!(notification_flaws(&of(&Message::new("subject", "text"))), Vec::<String>::new());
    for (place, value, found) in [
        ("/version", json!("1"), "version: found \"1\""),
        ("/source", json!("watchkeeper"), "source: found \"watchkeeper\""),
        ("/content/textType", json!("markdown"), "content.textType: found \"markdown\""),
        ("/content/title", json!(""), "content.title: found \"\""),
        ("/content/nextSteps", json!("one"), "content.nextSteps: found \"one\""),
        ("/content/keywords", json!([3]), "content.keywords: found [3]"),
        ("/metadata/threadId", json!(7), "metadata.threadId: found 7"),
        ("/metadata/additionalContext", json!({"A": 1}), "metadata.additionalContext: found {\"A\":1}"),
    ] {
        let mut broken = question();
        *broken.pointer_mut(place).unwrap() = value;
        assert_eq!(notification_flaws(&broken), [found]);
    }
    let mut broken = question();
    broken["content"].as_object_mut().unwrap().remove("description");
    broken["content"]["text"] = json!("x");
    assert_eq!(notification_flaws(&broken), ["content.description: found nothing", "content.text: no such field"]);
}

#[test]
fn the_buttons_of_the_paper_send_what_window_act_reads() {
    let actions = paper_actions(&read("functions/window-act/README.md")).unwrap();
    let answers = actions.iter().map(|action| pressed(action, &question()).unwrap().unwrap());
    let answers: Vec<WidgetEvent> = answers.map(|event| WidgetEvent::read(event).unwrap()).collect();
    assert_eq!(answers.iter().map(|it| it.call.approved).collect::<Vec<_>>(), [Some(true), Some(false)]);
    for WidgetEvent { call, form, .. } in answers {
        assert_eq!((call.verb, call.id.as_deref(), call.at), (Verb::Answer, Some(RUN), None));
        assert_eq!(call.question, Some(question_mark("why", "the plan")));
        assert_eq!(call.estate.unwrap().as_str(), "clos-v2");
        assert_eq!(call.environment.unwrap().as_str(), "prod");
        assert!(form.by.is_some());
    }
}

/// The limits are those of the API (Amazon Q Developer in chat applications API reference, `CustomActionAttachment`).
#[test]
fn the_buttons_of_the_paper_are_within_their_limits_and_below_questions_alone() {
    for action in paper_actions(&read("functions/window-act/README.md")).unwrap() {
        let attachment = &action["Attachments"][0];
        assert!(attachment["Variables"].as_object().unwrap().len() <= 5);
        assert!(attachment["ButtonText"].as_str().unwrap().len() <= 50);
        assert_eq!(pressed(&action, &of(&Message::new("no question", "text"))), Ok(None));
    }
}
