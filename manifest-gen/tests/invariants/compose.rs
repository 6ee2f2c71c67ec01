//! What is true of every Compose file.

use cargo_orch::plan::profile::Base;
use cargo_orch::plan::{Condition, Plan, Role};
use orch_manifest::model::AppKind;
use serde_json::Value;

use super::{Files, check_both, declared, faces_out, list, section};

pub(crate) fn check(plan: &Plan, files: &Files) {
    let read: Value = serde_saphyr::from_str(&files["compose.yaml"]).unwrap();
    assert_eq!(read["name"], format!("{}-{}", plan.system, plan.profile));
    assert!(read.get("version").is_none());
    assert!(!files.contains_key(".env"));
    check_both(plan, &read);
    let services = declared(&read, "services");
    for workload in &plan.workloads {
        let (id, section) = (&workload.id, section(&read, workload));
        assert_eq!(section["security_opt"], serde_json::json!(["no-new-privileges:true"]), "{id}");
        for (port, rendered) in workload.ports.iter().filter(|port| port.publish.is_some()).zip(list(&section["ports"]))
        {
            assert_eq!(rendered["target"], port.port.number.get(), "{id}");
            let private = matches!(plan.profile.base(), Base::Local | Base::Ci);
            assert_eq!(rendered.get("host_ip").and_then(Value::as_str), private.then_some("127.0.0.1"), "{id}");
            assert!(private || faces_out(workload, port), "{id} is published");
        }
        let on_internal_only = section["networks"] == serde_json::json!(["internal"]);
        assert!(!on_internal_only || section.get("ports").is_none(), "{id}: no port is published from there");
        for dependency in &workload.dependencies {
            let rendered = &section["depends_on"][dependency.id.as_str()];
            assert!(services.contains(dependency.id.as_str()), "{id} waits for `{}`", dependency.id);
            let other = plan.workloads.iter().find(|workload| workload.id == dependency.id).unwrap();
            let condition = match dependency.condition {
                Condition::Healthy if super::can_be_asked(other) => "service_healthy",
                Condition::Healthy | Condition::Started => "service_started",
                Condition::Completed => "service_completed_successfully",
            };
            assert_eq!(rendered["condition"], condition, "{id}");
            assert_eq!(rendered["required"].as_bool().unwrap_or(true), dependency.required, "{id}");
        }
        let scheduled = workload.role == Role::App(AppKind::Cron);
        assert_eq!(section.get("profiles").is_some(), scheduled, "{id}");
    }
}
