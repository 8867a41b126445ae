//! What lies under customer managed keys, and in a domain.

use serde_json::json;

use super::field::{DATABASE, NOTES, Vault, backup_of, play};

#[test]
fn an_encrypted_database_is_copied_under_a_key_of_the_other_region_and_its_drill_leaves_nothing() {
    play(async |harness| {
        let vault = Vault::strong_box(harness).await;
        let ended = vault.stack.backup_tick(vault.time("03:00")).await.unwrap();
        let run = backup_of("strong-box", &ended);
        assert_eq!(run.outcome(), "done", "{}", run.says());
        assert_eq!(vault.of_the_day(DATABASE).await, [1, 1]);
        let cache = vault.stack.backup_memory(&vault.scope, &"elasticache:strong-box-redis".parse().unwrap()).await;
        let names = vault.names("elasticache:strong-box-redis").await;
        assert_eq!(vault.of_the_day("elasticache:strong-box-redis").await, [1], "{names:?} {cache:?}");
        let memory = vault.stack.backup_memory(&vault.scope, &DATABASE.parse().unwrap()).await.unwrap();
        assert!(memory.copies.iter().all(watchkeeper_domain::backup::KnownCopy::is_good), "{memory:?}");
        let mark = vault.stack.control().mark().await.unwrap();
        let drill = vault.stack.restore(&vault.input(json!({ "resource": DATABASE }))).await.unwrap();
        assert_eq!(drill.outcome(), "passed", "{}", drill.says());
        let api_calls = vault.stack.api_calls(mark).await.unwrap();
        assert_eq!((api_calls.count("RestoreDBInstanceFromDBSnapshot"), api_calls.count("DeleteDBInstance")), (1, 1));
    });
}

#[test]
fn what_lies_under_customer_managed_keys_or_in_a_domain_is_kept_with_the_rights_of_the_role() {
    play(async |harness| {
        let vault = Vault::strong_box(harness).await;
        let ended = vault.stack.backup_tick(vault.time("03:00")).await.unwrap();
        let run = backup_of("strong-box", &ended);
        assert_eq!(run.outcome(), "done", "{}", run.says());
        let (files, search) = ("s3:strong-box-files/state", "opensearch:strong-box-search");
        for (source, copies) in [(DATABASE, &[1, 1][..]), (NOTES, &[1]), (files, &[1, 1]), (search, &[1])] {
            assert_eq!(vault.of_the_day(source).await, copies, "{source}");
        }
        let drill = vault.stack.restore(&vault.input(json!({ "resource": NOTES }))).await.unwrap();
        assert_eq!(drill.outcome(), "passed", "{}", drill.says());
        let used = harness.sandbox().control().permissions().await.unwrap().used;
        let used: Vec<_> = used.iter().filter(|it| it.role == "Backups").collect();
        for (statement, action) in [
            ("GrantKeys", "kms:CreateGrant"),
            ("ReadKeys", "kms:DescribeKey"),
            ("UseKeys", "kms:Decrypt"),
            ("UseKeys", "kms:GenerateDataKey"),
            ("MakeTablesUnderKeys", "kms:Encrypt"),
            ("MakeTablesUnderKeys", "kms:GenerateDataKeyWithoutPlaintext"),
            ("MakeTablesUnderKeys", "kms:ReEncryptFrom"),
            ("MakeTablesUnderKeys", "kms:ReEncryptTo"),
            ("TakeDomainSnapshots", "es:ESHttpGet"),
            ("TakeDomainSnapshots", "es:ESHttpPut"),
        ] {
            assert!(used.iter().any(|it| it.statement == statement && it.action == action), "{action}: {used:?}");
        }
    });
}

#[test]
fn a_key_on_which_the_role_may_make_no_grant_is_named_and_nothing_else_waits_for_it() {
    play(async |harness| {
        let vault = Vault::strong_box(harness).await;
        let control = harness.sandbox().control();
        control.withdraw("Backups", "GrantKeys").await.unwrap();
        vault.stack.notifications().letters().await.unwrap();
        let ended = vault.stack.backup_tick(vault.time("03:00")).await.unwrap();
        assert_eq!(backup_of("strong-box", &ended).outcome(), "waiting");
        assert_eq!(vault.of_the_day(DATABASE).await, [0, 0]);
        assert_eq!(vault.of_the_day(NOTES).await, [1]);
        let letters = vault.stack.notifications().letters().await.unwrap();
        let told = letters.iter().any(|letter| letter.text.contains("kms:CreateGrant"));
        assert!(told, "{letters:?}");
        let denials = control.forgive_denials().await.unwrap();
        assert!(denials.iter().all(|it| it.role == "Backups" && it.action == "kms:CreateGrant"), "{denials:?}");
        control.restore_rights().await.unwrap();
        // Once the right is back, what is owed is taken.
        let ended = vault.stack.backup_tick(vault.time("04:30")).await.unwrap();
        assert_eq!(backup_of("strong-box", &ended).outcome(), "done", "{}", backup_of("strong-box", &ended).says());
        assert_eq!(vault.of_the_day(DATABASE).await, [1, 1]);
    });
}
