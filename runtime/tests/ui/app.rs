//! Applications.

use orch_runtime as orch;

#[orch::app(kind = "cron")]
fn without_schedule() {}

#[orch::app(schedule = "0 3 * *", kind = "cron")]
fn four_fields() {}

#[orch::app(kind = "job", replicas = 2)]
fn job_with_replicas() {}

#[orch::app(tenants = "schema", app_env(A = "{database}"))]
fn keys_of_services() {}

#[orch::app(prot = 8080)]
fn main() {
    without_schedule();
    four_fields();
    job_with_replicas();
    keys_of_services();
}
