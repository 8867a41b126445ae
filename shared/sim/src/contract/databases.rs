//! Cases about databases, each for an Aurora cluster and for an RDS instance.

use watchkeeper_control::ports::{Databases, Fault};
use watchkeeper_domain::capacity::{DatabaseId, DatabaseState, ObservedDatabase};
use watchkeeper_domain::name::DatabaseName;

use super::{CaseFailure, ContractBench, DatabaseKind, Passed, equal, fails, named, there};

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
        }
    };
}

const KINDS: [DatabaseKind; 2] = [DatabaseKind::Aurora, DatabaseKind::Rds];

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
    let name = named(DatabaseName::new(bench.fresh_name()))?;
    Ok(match kind {
        DatabaseKind::Aurora => DatabaseId::Aurora(name),
        DatabaseKind::Rds => DatabaseId::Rds(name),
    })
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
