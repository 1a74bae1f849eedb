//! docs/reference/commands.md, from clap's own help.

use clap::Command;

use super::made_from;

pub fn page() -> String {
    let mut command = lcr_facade::cli::command().term_width(100);
    command.build();
    let mut text = "# The commands of `lcr`\n\n".to_owned()
        + &made_from("the program's own help (`lcr client add --help` and so on)");
    text += "Commands that need the record use `LCR_OWNER_URL` or `LCR_DATABASE_URL`, or else the PostgreSQL of a running `lcr demo` under\n\
        `LCR_HOME` ([configuration](configuration.md)). Each ends with status 0 when all was done, 1 when something was refused or is wrong,\n\
        and 2 when its arguments are.\n";
    text += "\n```text\n";
    text += &help(&mut command);
    text += "```\n";
    of(&mut command, "lcr", &mut text);
    text
}

fn of(command: &mut Command, path: &str, text: &mut String) {
    let names: Vec<String> =
        command.get_subcommands().map(|one| one.get_name().to_owned()).filter(|name| name != "help").collect();
    for name in names {
        let Some(one) = command.find_subcommand_mut(&name) else { continue };
        let path = format!("{path} {name}");
        *text += &format!("\n## `{path}`\n\n```text\n{}```\n", help(one));
        of(one, &path, text);
    }
}

/// The help, without spaces at the ends of lines.
fn help(command: &mut Command) -> String {
    let text = command.render_help().to_string();
    text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}
