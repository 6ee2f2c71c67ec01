use orch_manifest::did_you_mean;

use super::failure::Failure;
use crate::exit::Exit;
use crate::finding::Code;
use crate::output::Output;

/// Say what a finding means and how to cure it
#[derive(clap::Args)]
pub(super) struct Args {
    /// The code, as findings show it; all of them are listed without one
    code: Option<String>,
}

pub(super) fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let Some(name) = &args.code else {
        let width = Code::ALL.iter().map(|code| code.as_str().len()).max().unwrap_or(0);
        for code in Code::ALL {
            output.data(&format!(
                "{:width$}  {:7}  {}\n",
                code.as_str(),
                code.severity().to_string(),
                code.meaning()
            ))?;
        }
        return Ok(Exit::Done);
    };
    let code = Code::find(name).ok_or_else(|| {
        let codes: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        Failure::new(Exit::Usage, format!("there is no finding `{name}`")).help(did_you_mean(name, &codes))
    })?;
    output.data(&format!("{} ({})\n\n{}\n\n{}\n", code.as_str(), code.severity(), code.meaning(), code.cure()))?;
    Ok(Exit::Done)
}
