//! What is needed where: in the standby, of what nothing changes, and of what cannot be read.

use serde_json::json;
use watchkeeper_domain::estate::{Estate, PairDatabase};
use watchkeeper_domain::failover::DatabaseRole;
use watchkeeper_domain::preflight::{
    BucketFacts, Check, KeyFacts, PromotedFacts, Read, ReportRow, RowMark, SimulatedCalls, Tags, UnreadFact,
    WantedResources, calls, judge,
};

use super::scene::{
    api, clean, database, db, errors, estate, estate_document, id, locks, name, of, region, rows, service, tagged,
};

#[test]
fn what_cannot_be_read_is_said_with_the_action_and_never_good() {
    fn denied<T>(action: &str) -> Read<T> {
        Err(UnreadFact { action: action.to_owned(), denied: true, why: String::new() })
    }
    let mut facts = clean();
    facts.databases.insert(database(), denied("rds:DescribeDBInstances"));
    facts.services.insert(id("shop/api"), denied("ecs:DescribeServices"));
    locks(&mut facts).tags = denied("dynamodb:ListTagsOfResource");
    errors(&mut facts).muted_by = denied("cloudwatch:ListAlarmMuteRules");
    facts.schedules = denied("scheduler:ListSchedules");
    let rows = rows(&facts);
    assert_eq!(of(&rows, RowMark::Bad), Vec::<&ReportRow>::new());
    let told: Vec<_> = of(&rows, RowMark::Unread).iter().map(|row| row.found.as_str()).collect();
    let needs = |action: &str| format!("cannot be read: needs {action}");
    let expected = [
        needs("ecs:DescribeServices"),
        needs("rds:DescribeDBInstances"),
        needs("scheduler:ListSchedules"),
        needs("dynamodb:ListTagsOfResource"),
        needs("cloudwatch:ListAlarmMuteRules"),
    ];
    assert_eq!(told, expected);
    for check in [Check::Tagged, Check::NotMuted] {
        let subject = if check == Check::Tagged { "table shop-locks" } else { "alarm shop-5xx" };
        assert!(!rows.iter().any(|row| row.subject == subject && row.check == check && row.mark == RowMark::Good));
    }
}

#[test]
fn the_standby_needs_what_a_failover_finds_there() {
    let estate = estate();
    let environment = estate.environments().next().unwrap();
    let standby = WantedResources::of(&estate, environment, &region("eu-central-1"));
    assert_eq!(standby.services.iter().map(ToString::to_string).collect::<Vec<_>>(), ["shop-b/api", "shop-b/worker"]);
    assert_eq!(standby.keys.iter().map(ToString::to_string).collect::<Vec<_>>(), ["alias/shop"]);
    assert_eq!(standby.buckets, [(name("shop-switch"), false)].into());
    assert!(standby.queues.is_empty() && standby.policies.is_empty() && standby.alarms.is_empty());
    let mut facts = clean();
    facts.place.region = region("eu-central-1");
    facts.keys.insert(name("alias/shop"), Ok(Some(KeyFacts { arn: "arn".into(), state: "PendingDeletion".into() })));
    facts.clusters = [(id("shop-b/api").cluster, Ok(Some("ACTIVE".to_owned())))].into();
    facts.services.insert(id("shop-b/api"), Ok(Some(service("shop-b", "api", 0))));
    facts.services.insert(id("shop-b/worker"), Ok(Some(service("shop-b", "worker", 0))));
    facts.quotas.vcpu = Ok(Some(5));
    facts.buckets.insert(
        name("shop-switch"),
        Ok(Some(BucketFacts { region: Some("eu-central-1".into()), versions: Ok(false) })),
    );
    let bad: Vec<_> = judge(environment, &standby, &facts).into_iter().filter(|row| row.mark == RowMark::Bad).collect();
    let found: Vec<_> = bad.iter().map(|row| (row.check.name(), row.found.as_str())).collect();
    assert_eq!(
        found,
        [("usable", "PendingDeletion"), ("fargate-vcpus", "5; 4 used, and a failover to here starts 2 more"),]
    );
    assert!(
        bad[0]
            .command
            .as_deref()
            .unwrap()
            .contains("kms cancel-key-deletion --key-id alias/shop --region eu-central-1")
    );
}

#[test]
fn what_nothing_changes_needs_no_tag() {
    let mut facts = clean();
    api(&mut facts).tags.clear();
    let bare: Estate = serde_json::from_value(json!({
        "estate": "shop",
        "environments": { "prod": {
            "kind": "production",
            "regions": { "primary": "eu-west-1" },
            "clusters": { "eu-west-1": { "shop": ["api"] } },
            "databases": [{ "rds": "shop-db" }],
        }},
    }))
    .unwrap();
    db(&mut facts).observed.cannot_stop = Some("it has read replicas: x".to_owned());
    let environment = bare.environments().next().unwrap();
    let wanted = WantedResources::of(&bare, environment, &region("eu-west-1"));
    let rows = judge(environment, &wanted, &facts);
    assert_eq!(of(&rows, RowMark::Bad), Vec::<&ReportRow>::new());
    assert_eq!(calls(environment, &wanted, &facts), Vec::<SimulatedCalls>::new());
}

#[test]
fn a_replica_that_a_failover_promotes_needs_its_tag() {
    let mut estate = estate_document();
    estate["environments"]["dev"]["failover"]["databases"] =
        json!([{ "replica": "shop-copy" }, { "aurora-global": "shop-all" }]);
    let estate: Estate = serde_json::from_value(estate).unwrap();
    let environment = estate.environments().next().unwrap();
    let mut facts = clean();
    let wanted = WantedResources::of(&estate, environment, &facts.place.region);
    let mut put = |tags: Tags| {
        for promoted in &wanted.promoted {
            let tags = matches!(promoted, PairDatabase::Replica(_)).then(|| Ok(tags.clone()));
            facts.promoted.insert(promoted.clone(), Ok(Some(PromotedFacts { role: DatabaseRole::Follower, tags })));
        }
        let rows = judge(environment, &wanted, &facts);
        let bad: Vec<_> = rows.into_iter().filter(|row| row.mark == RowMark::Bad).collect();
        let calls = calls(environment, &wanted, &facts).into_iter().flat_map(|call| call.actions);
        (
            bad,
            calls
                .filter(|action| action.starts_with("rds:Promote") || action.contains("GlobalCluster"))
                .collect::<Vec<_>>(),
        )
    };
    let moves = ["rds:SwitchoverGlobalCluster", "rds:FailoverGlobalCluster"];
    let (bad, asked) = put(tagged());
    assert_eq!((bad, asked), (Vec::new(), vec!["rds:PromoteReadReplica", moves[0], moves[1]]));
    let (bad, asked) = put(Tags::new());
    assert_eq!(asked, moves);
    let command = "aws rds add-tags-to-resource --resource-name arn:aws:rds:eu-west-1:123456789012:db:shop-copy --tags";
    assert!(bad.len() == 1 && bad[0].command.as_deref().unwrap().starts_with(command), "{bad:#?}");
}

#[test]
fn what_a_move_asks_of_event_sources_is_simulated_by_their_names() {
    let mut estate = estate_document();
    estate["environments"]["dev"]["failover"]["sources"] = json!([
        { "event-source-mapping": "worker", "reads": "orders" }, { "schedule": "nightly", "group": "shop" },
        { "rule": "uploads" }, { "rule": "uploads", "bus": "shop" },
    ]);
    let estate: Estate = serde_json::from_value(estate).unwrap();
    let (environment, facts) = (estate.environments().next().unwrap(), clean());
    let wanted = WantedResources::of(&estate, environment, &facts.place.region);
    let calls = calls(environment, &wanted, &facts);
    let asked: Vec<_> = calls
        .iter()
        .filter(|call| ["events:", "scheduler:", "lambda:"].iter().any(|it| call.actions[0].starts_with(it)))
        .filter(|call| call.function == "Failover")
        .map(|call| (call.actions.join(" "), call.resource.clone()))
        .collect();
    let of = |service: &str, name: &str| format!("arn:aws:{service}:eu-west-1:123456789012:{name}");
    assert_eq!(
        asked,
        [
            ("lambda:ListEventSourceMappings".to_owned(), "*".to_owned()),
            ("scheduler:GetSchedule scheduler:UpdateSchedule".to_owned(), of("scheduler", "schedule/shop/nightly")),
            ("events:DescribeRule".to_owned(), of("events", "rule/uploads")),
            ("events:DescribeRule".to_owned(), of("events", "rule/shop/uploads")),
        ]
    );
}

#[test]
fn databases_by_tag_are_counted_and_none_is_never_meant() {
    let document = json!({ "estate": "shop", "environments": { "dev": {
        "kind": "development", "regions": { "primary": "eu-west-1" }, "databases": "managed",
    } } });
    let estate: Estate = serde_json::from_value(document).unwrap();
    let environment = estate.environments().next().unwrap();
    let mut facts = clean();
    let told = |facts: &watchkeeper_domain::preflight::PreflightFacts, found: bool| {
        let mut wanted = WantedResources::of(&estate, environment, &region("eu-west-1"));
        wanted.databases.extend(found.then(database));
        let rows = judge(environment, &wanted, facts).into_iter();
        let row = rows.into_iter().find(|row| row.subject == "databases of shop/dev by tag").unwrap();
        (row.mark, row.found)
    };
    facts.listed_databases = Some(Ok(7));
    let counts = |n: usize| format!("{n} of 7 databases have the tags and are not excluded");
    assert_eq!(told(&facts, true), (RowMark::Good, counts(1)));
    assert_eq!(told(&facts, false), (RowMark::Bad, counts(0)));
    let action = "rds:DescribeDBInstances".to_owned();
    facts.listed_databases = Some(Err(UnreadFact { action, denied: true, why: String::new() }));
    assert_eq!(told(&facts, false).0, RowMark::Unread);
}
