//! The manifests in `deploy/`: they are what schedulers take, and what they run works.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::helper::Folder;

/// Kubernetes' own schema (of its OpenAPI document, 1.37, where nothing unknown is allowed; without its
/// descriptions) says what there may be; ours, what the server asks of a Job beyond that.
#[test]
fn jobs_of_kubernetes_fit_their_schema() {
    let kubernetes = validator(include_str!("kubernetes-1.37-job.schema.json"));
    let ours = validator(include_str!("job.schema.json"));
    for name in ["kubernetes-sweep.yaml", "kubernetes-merge.yaml"] {
        let job = job(name);
        for validator in [&kubernetes, &ours] {
            let wrong: Vec<String> = validator
                .iter_errors(&job)
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert_eq!(wrong, [""; 0], "{name}");
        }
        let mut always = job.clone();
        always["spec"]["template"]["spec"]["restartPolicy"] = "Always".into();
        assert!(!ours.is_valid(&always), "a Job must not restart always");
        for (path, wrong) in [
            ("/spec", "completionsMode"),
            ("/spec/template/spec/containers/0", "volumeMount"),
        ] {
            let mut misspelt = job.clone();
            let at = misspelt.pointer_mut(path).expect("it is there");
            at[wrong] = "Indexed".into();
            assert!(!kubernetes.is_valid(&misspelt), "{path}/{wrong}");
        }
    }
    let sweep = job("kubernetes-sweep.yaml");
    let completions = sweep["spec"]["completions"].to_string();
    assert_eq!(variable(&sweep, "PAUSEWAKE_SHARDS"), completions);
    // Which is wrong in every try.
    let rule = &sweep["spec"]["podFailurePolicy"]["rules"][0];
    assert_eq!(rule["action"], "FailJob");
    let codes = &rule["onExitCodes"];
    let container = &sweep["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(codes["containerName"], container["name"]);
    assert_eq!(codes["values"], serde_json::json!([104]));
    let ours = validator(include_str!("job.schema.json"));
    let mut restarted = sweep.clone();
    restarted["spec"]["template"]["spec"]["restartPolicy"] = "OnFailure".into();
    assert!(!ours.is_valid(&restarted), "a policy asks for Never");
}

#[test]
fn what_kubernetes_runs_gives_the_whole_sweep() {
    let (folder, results) = results();
    let sweep = job("kubernetes-sweep.yaml");
    for index in 0..3_u32 {
        let mut command = container(&sweep);
        command
            .env("JOB_COMPLETION_INDEX", index.to_string())
            .env("PAUSEWAKE_SHARDS", "3")
            .env("OPS", "64")
            .env("RESULTS", &results);
        succeed(command);
    }
    let mut command = container(&job("kubernetes-merge.yaml"));
    command.env("RESULTS", &results);
    let said = succeed(command);
    check(&folder, &said);
}

#[test]
fn what_slurm_runs_gives_the_whole_sweep() {
    let (folder, results) = results();
    let script = |name: &str| {
        let mut command = Command::new("bash");
        command
            .arg(deploy().join(name))
            .env("PAUSEWAKE", env!("CARGO_BIN_EXE_pausewake"))
            .env("PAUSEWAKE_OPS", "64")
            .env("PAUSEWAKE_RESULTS", &results);
        command
    };
    for name in ["slurm-sweep.sbatch", "slurm-merge.sbatch"] {
        let mut parse = Command::new("bash");
        parse.arg("-n").arg(deploy().join(name));
        succeed(parse);
    }
    let task = |id: &str, (first, last): (&str, &str), count: &str| {
        let mut command = script("slurm-sweep.sbatch");
        command.envs([
            ("PAUSEWAKE_SHARDS", "3"),
            ("SLURM_ARRAY_TASK_ID", id),
            ("SLURM_ARRAY_TASK_MIN", first),
            ("SLURM_ARRAY_TASK_MAX", last),
            ("SLURM_ARRAY_TASK_STEP", "1"),
            ("SLURM_ARRAY_TASK_COUNT", count),
        ]);
        succeed(command);
    };
    for id in ["1", "2", "3"] {
        task(id, ("1", "3"), "3");
    }
    // One shard once more is the same shard: `sbatch --array=2`.
    let shard = results.join("shard-2.json");
    let first = std::fs::read(&shard).expect("a shard");
    std::fs::remove_file(&shard).expect("it was there");
    task("2", ("2", "2"), "1");
    assert_eq!(std::fs::read(&shard).expect("a shard"), first);
    let said = succeed(script("slurm-merge.sbatch"));
    check(&folder, &said);
}

fn check(folder: &Folder, said: &Output) {
    let text = String::from_utf8_lossy(&said.stdout);
    assert!(text.contains("points        33\n"), "{text}");
    let kept = ["sweep.html", "sweep.json"].map(|name| folder.path("results").join(name));
    let [html, json] = kept.map(|path| std::fs::read_to_string(path).expect("it was written"));
    assert!(html.contains("id=\"sweep-jobs-throughput\""));
    let sweep: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(sweep["points"].as_array().map(Vec::len), Some(33));
}

/// What a job's container runs, with the program in its path.
fn container(job: &Value) -> Command {
    let container = &job["spec"]["template"]["spec"]["containers"][0];
    let texts = |name: &str| {
        let texts = container[name].as_array().expect("a list").iter();
        texts.map(|text| text.as_str().expect("a text").to_owned())
    };
    let mut words = texts("command").chain(texts("args"));
    let mut command = Command::new(words.next().expect("a program"));
    let program = Path::new(env!("CARGO_BIN_EXE_pausewake"));
    let folder = program.parent().expect("a folder").display();
    let path = std::env::var("PATH").expect("a path");
    command.args(words).env("PATH", format!("{folder}:{path}"));
    command
}

fn variable(job: &Value, name: &str) -> String {
    let container = &job["spec"]["template"]["spec"]["containers"][0];
    let mut variables = container["env"].as_array().expect("a list").iter();
    let found = variables.find(|variable| variable["name"] == name);
    let value = found.expect("the variable")["value"].as_str();
    value.expect("a text").to_owned()
}

#[track_caller]
fn succeed(mut command: Command) -> Output {
    let output = command.output().expect("it starts");
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {err}");
    output
}

fn results() -> (Folder, PathBuf) {
    let folder = Folder::new();
    let results = folder.path("results");
    std::fs::create_dir(&results).expect("the folder can be written");
    (folder, results)
}

fn validator(schema: &str) -> jsonschema::Validator {
    let schema: Value = serde_json::from_str(schema).expect("JSON");
    jsonschema::validator_for(&schema).expect("a schema")
}

fn job(name: &str) -> Value {
    let text = std::fs::read_to_string(deploy().join(name)).expect("a manifest");
    serde_saphyr::from_str(&text).expect("YAML")
}

fn deploy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy")
}
