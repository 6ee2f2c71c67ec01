//! Data to a file and back, and tools that fail.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use super::system::{Ran, System, has_engine};

/// A service whose data is `/tmp/data`, which ends with the script `dump` and begins with `restore`.
fn system(name: &str, dump: &str, restore: &str) -> System {
    let system =
        System::new(name).service("store", "echo first > /tmp/data; exec sleep 600", &json!({"restricted": false}));
    let script = |script: &str| format!("[\"sh\", \"-euc\", {}]", serde_json::to_string(script).unwrap());
    let configuration = format!(
        "[catalog.debian.dump]\nextension = \"txt\"\ncommand = {}\n[catalog.debian.restore]\nextension = \"txt\"\ncommand = {}\n",
        script(dump),
        script(restore)
    );
    std::fs::write(system.path("orch.toml"), configuration).unwrap();
    system.write();
    system
}

/// The names of the files in the folder of a system, without those it needs itself.
fn files(system: &System) -> Vec<String> {
    let own = ["manifest.json", "orch.toml", ".orch"];
    let entries = std::fs::read_dir(system.path(".")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| !own.contains(&name.as_str())).collect()
}

#[test]
fn what_was_backed_up_is_there_again_to_the_byte() {
    if !has_engine() {
        return;
    }
    let system = system("backup", "cat /tmp/data", "cat > /tmp/data");
    system.run(&["up"]).ends(0);
    // More than any pipe holds, and no text.
    let noise = "head -c 5000000 /dev/urandom > /tmp/data; sha256sum < /tmp/data";
    let before = system.run(&["exec", "store", "--", "sh", "-c", noise]).ends(0).stdout;
    system.run(&["backup", "store", "-o", "one.bin"]).ends(0).says(&["5000000 bytes of `store`", "`one.bin`"]);
    assert_eq!(std::fs::metadata(system.path("one.bin")).unwrap().len(), 5_000_000);
    system.run(&["exec", "store", "--", "rm", "/tmp/data"]).ends(0);
    system.run(&["restore", "store", "one.bin"]).ends(2).says(&["was not touched", "--yes"]);
    system.run(&["restore", "store", "one.bin", "--yes"]).ends(0).says(&["has the data of"]);
    let after = system.run(&["exec", "store", "--", "sh", "-c", "sha256sum < /tmp/data"]).ends(0).stdout;
    assert_eq!(before, after);
    // What is there stays, and without a name there is one.
    system.run(&["backup", "store", "-o", "one.bin"]).ends(2).says(&["is there already"]);
    system.run(&["backup", "store"]).ends(0);
    assert!(system.path(&format!("{}-store.txt", system.project())).is_file());
}

#[test]
fn a_tool_that_fails_half_way_leaves_no_file() {
    if !has_engine() {
        return;
    }
    let dump = "head -c 1000000 /dev/zero; echo 'the disk is on fire' >&2; exit 3";
    let system = system("backup-fails", dump, "head -c 10 >/dev/null; echo 'not like this' >&2; exit 4");
    system.run(&["up"]).ends(0);
    system.run(&["backup", "store", "-o", "half"]).ends(1).says(&["no file was written", "the disk is on fire"]);
    assert_eq!(files(&system), [""; 0]);
    std::fs::write(system.path("whole"), vec![7; 1_000_000]).unwrap();
    system.run(&["restore", "store", "whole", "--yes"]).ends(1).says(&["may have a part", "not like this"]);
    assert_eq!(std::fs::read(system.path("whole")).unwrap(), vec![7; 1_000_000]);
}

#[test]
fn what_cannot_be_backed_up_is_said_with_the_cure() {
    if !has_engine() {
        return;
    }
    let system = system("backup-mistakes", "true", "cat");
    system.run(&["backup", "store"]).ends(1).says(&["nothing was started here"]);
    system.run(&["up"]).ends(0);
    system.run(&["backup", "store"]).ends(1).says(&["wrote nothing"]);
    system.run(&["backup", "stroe"]).ends(2).says(&["`store`"]);
    system.run(&["backup", "store", "-o", "no/such/folder/file"]).ends(6).says(&["cannot write `no/such/folder/file`"]);
    system.run(&["restore", "store", "nothing", "--yes"]).ends(6).says(&["cannot read `nothing`"]);
    std::fs::write(system.path("empty"), "").unwrap();
    system.run(&["restore", "store", "empty", "--yes"]).ends(2).says(&["no file with data"]);
    std::fs::remove_file(system.path("empty")).unwrap();
    std::fs::remove_file(system.path("orch.toml")).unwrap();
    system.run(&["backup", "store"]).ends(2).says(&["it is not known how `debian:bookworm`", "`[catalog]`"]);
    assert_eq!(files(&system), [""; 0]);
}

#[test]
fn an_interrupt_leaves_no_file() {
    if !has_engine() {
        return;
    }
    let system = system("backup-interrupted", "head -c 100000 /dev/zero; exec sleep 3600", "cat");
    system.run(&["up"]).ends(0);
    let child = system.command(&["backup", "store"]).stderr(Stdio::piped()).spawn().unwrap();
    let begun = Instant::now();
    while files(&system).is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(30), "the backup has not begun");
        std::thread::sleep(Duration::from_millis(50));
    }
    std::thread::sleep(Duration::from_millis(500));
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    Ran::from(child.wait_with_output().unwrap()).ends(130).says(&["interrupted"]);
    assert_eq!(files(&system), [""; 0]);
}
