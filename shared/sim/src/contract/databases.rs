//! Cases about databases, each for an Aurora cluster and for an RDS instance.

use watchkeeper_control::ports::{DatabaseLists, Databases, Fault, all_databases};
use watchkeeper_domain::capacity::{
    DatabaseId, DatabaseKind, DatabaseState, EnvironmentTag, ListedDatabase, ObservedDatabase,
};
use watchkeeper_domain::name::DatabaseName;

use super::{CaseFailure, ContractBench, Passed, equal, fails, holds, named, there};

/// Hands the name of every case in this module to a macro.
#[macro_export]
macro_rules! database_cases {
    ($test:ident) => {
        $test! {
            a_database_is_described_as_it_was_made
            an_unknown_database_is_none
            an_unknown_database_cannot_be_switched
            a_database_stops_and_starts_by_way_of_what_is_between
            stopping_a_stopped_database_conflicts
            starting_an_available_database_conflicts
            nothing_can_be_switched_while_it_is_on_its_way
            a_database_is_listed_with_its_tags
            a_cluster_is_listed_without_its_members
            the_databases_of_a_region_are_listed_page_after_page
        }
    };
}

const KINDS: [DatabaseKind; 2] = DatabaseKind::ALL;

/// More than a page of a list has (Amazon RDS API reference, `MaxRecords`).
const MORE_THAN_A_PAGE: usize = 101;

async fn described<B: ContractBench>(bench: &B, id: &DatabaseId) -> Result<ObservedDatabase, CaseFailure> {
    there(&id.to_string(), bench.cloud().describe_database(id).await?)
}

async fn is<B: ContractBench>(bench: &B, id: &DatabaseId, state: DatabaseState) -> Passed {
    equal(&format!("the state of {id}"), &described(bench, id).await?.state, &state)
}

async fn stopped<B: ContractBench>(bench: &B, kind: DatabaseKind) -> Result<DatabaseId, CaseFailure> {
    let id = bench.make_database(kind).await?;
    bench.cloud().stop_database(&id).await?;
    bench.settle().await;
    Ok(id)
}

fn unknown<B: ContractBench>(bench: &B, kind: DatabaseKind) -> Result<DatabaseId, CaseFailure> {
    Ok(kind.named(named(DatabaseName::new(bench.fresh_name()))?))
}

/// Available, managed, and free to be stopped.
pub async fn a_database_is_described_as_it_was_made<B: ContractBench>(bench: &B) -> Passed {
    for kind in KINDS {
        let id = bench.make_database(kind).await?;
        let expected =
            ObservedDatabase { state: DatabaseState::Available, managed: true, cannot_stop: None, scheduler: None };
        equal(&id.to_string(), &described(bench, &id).await?, &expected)?;
    }
    Ok(())
}

/// No error: whoever asks learns that nothing is there.
pub async fn an_unknown_database_is_none<B: ContractBench>(bench: &B) -> Passed {
    for kind in KINDS {
        let found = bench.cloud().describe_database(&unknown(bench, kind)?).await?;
        equal("what is found", &found, &None)?;
    }
    Ok(())
}

/// A write to nothing fails by its name.
pub async fn an_unknown_database_cannot_be_switched<B: ContractBench>(bench: &B) -> Passed {
    for kind in KINDS {
        let id = unknown(bench, kind)?;
        fails("the stop", bench.cloud().stop_database(&id).await, Fault::NotFound)?;
        fails("the start", bench.cloud().start_database(&id).await, Fault::NotFound)?;
    }
    Ok(())
}

/// available → stopping → stopped → starting → available.
pub async fn a_database_stops_and_starts_by_way_of_what_is_between<B: ContractBench>(bench: &B) -> Passed {
    for kind in KINDS {
        let id = bench.make_database(kind).await?;
        bench.cloud().stop_database(&id).await?;
        is(bench, &id, DatabaseState::Stopping).await?;
        bench.settle().await;
        is(bench, &id, DatabaseState::Stopped).await?;
        bench.cloud().start_database(&id).await?;
        is(bench, &id, DatabaseState::Starting).await?;
        bench.settle().await;
        is(bench, &id, DatabaseState::Available).await?;
    }
    Ok(())
}

/// It is refused, and stays stopped.
pub async fn stopping_a_stopped_database_conflicts<B: ContractBench>(bench: &B) -> Passed {
    for kind in KINDS {
        let id = stopped(bench, kind).await?;
        fails("the second stop", bench.cloud().stop_database(&id).await, Fault::Conflict)?;
        is(bench, &id, DatabaseState::Stopped).await?;
    }
    Ok(())
}

/// It is refused, and stays available.
pub async fn starting_an_available_database_conflicts<B: ContractBench>(bench: &B) -> Passed {
    for kind in KINDS {
        let id = bench.make_database(kind).await?;
        fails("the start", bench.cloud().start_database(&id).await, Fault::Conflict)?;
        is(bench, &id, DatabaseState::Available).await?;
    }
    Ok(())
}

/// While it stops it can neither be started nor stopped, and it arrives all the same.
pub async fn nothing_can_be_switched_while_it_is_on_its_way<B: ContractBench>(bench: &B) -> Passed {
    for kind in KINDS {
        let id = bench.make_database(kind).await?;
        bench.cloud().stop_database(&id).await?;
        fails("the start", bench.cloud().start_database(&id).await, Fault::Conflict)?;
        fails("the second stop", bench.cloud().stop_database(&id).await, Fault::Conflict)?;
        bench.settle().await;
        is(bench, &id, DatabaseState::Stopped).await?;
    }
    Ok(())
}

/// Whose it is comes with the list; until it is said, it is nobody's.
pub async fn a_database_is_listed_with_its_tags<B: ContractBench>(bench: &B) -> Passed {
    for kind in KINDS {
        let id = bench.make_database(kind).await?;
        bench.settle().await;
        let listed = |environment| Some(ListedDatabase { id: id.clone(), managed: true, environment });
        let find = async || -> Result<Option<ListedDatabase>, CaseFailure> {
            Ok(all_databases(bench.cloud()).await?.into_iter().find(|found| found.id == id))
        };
        equal("what is listed", &find().await?, &listed(None))?;
        let tag = EnvironmentTag::found("shop/dev");
        bench.label_database(&id, &tag).await?;
        bench.settle().await;
        equal("what is listed with its tag", &find().await?, &listed(Some(tag)))?;
    }
    Ok(())
}

/// It stops as a whole: nothing else of its name is listed.
pub async fn a_cluster_is_listed_without_its_members<B: ContractBench>(bench: &B) -> Passed {
    let id = bench.make_database(DatabaseKind::Aurora).await?;
    bench.settle().await;
    let (name, member) = (id.name().as_str(), format!("{}-", id.name()));
    let of_it = |found: &DatabaseId| found.name().as_str() == name || found.name().as_str().starts_with(&member);
    let all = all_databases(bench.cloud()).await?.into_iter().map(|found| found.id);
    equal("what is listed", &all.filter(of_it).collect::<Vec<_>>(), &vec![id.clone()])
}

/// A page has a token while more follow, and none comes twice.
pub async fn the_databases_of_a_region_are_listed_page_after_page<B: ContractBench>(bench: &B) -> Passed {
    let mut made = Vec::new();
    for _ in 0..MORE_THAN_A_PAGE {
        made.push(bench.make_database(DatabaseKind::Rds).await?);
    }
    bench.settle().await;
    let (page, next) = bench.cloud().list_databases(DatabaseKind::Rds, None).await?;
    holds("a page short of all", page.len() < MORE_THAN_A_PAGE && next.is_some())?;
    let mut found: Vec<DatabaseId> = all_databases(bench.cloud()).await?.into_iter().map(|found| found.id).collect();
    let all = found.len();
    found.sort();
    found.dedup();
    equal("those that came once", &found.len(), &all)?;
    holds("all that were made", made.iter().all(|id| found.contains(id)))
}
