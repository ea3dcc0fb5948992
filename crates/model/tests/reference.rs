//! `docs/reference/`: pages that are printed from the tables of this crate. A page that differs fails; `UPDATE_DOCS=1
//! cargo test -p roster-model --test reference` prints them anew.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::path::Path;

use roster_model::error::ErrorCode;
use roster_model::event::EventType;
use roster_model::operations::OPERATIONS;
use roster_model::rate_limit::Bucket;
use roster_model::role::{Grant, RoleType, Targets, is_self_service};
use roster_model::user::attribute::BASE_ATTRIBUTES;
use roster_model::user::status::{CredentialState, Outcome, TRANSITIONS, UserStatus};

#[track_caller]
fn page(name: &str, title: &str, introduction: &str, table: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference").join(name);
    let text = format!("# {title}\n\n{introduction}\n\n{table}");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let stands = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        stands == text,
        "{} is out of date: run UPDATE_DOCS=1 cargo test -p roster-model --test reference",
        path.display()
    );
}

fn row(cells: &[String]) -> String {
    format!("| {} |\n", cells.join(" | "))
}

fn head(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    row(&names) + &row(&vec!["---".to_owned(); names.len()])
}

#[test]
fn operations() {
    let mut table = head(&["operation", "method", "path", "OAuth scope", "rate-limit bucket"]);
    for operation in OPERATIONS {
        let cells = [
            operation.name,
            operation.method.as_str(),
            operation.path,
            operation.access.scope().map_or("anyone", |scope| scope.as_str()),
            operation.bucket.name(),
        ];
        table += &row(&cells.map(|cell| format!("`{cell}`")));
    }
    let introduction = "Every operation of the API. An API token may call what its owner's [roles](roles.md) allow. Printed from\n\
        `crates/model/src/operations.rs`.";
    page("operations.md", "Operations", introduction, &table);
}

#[test]
fn lifecycle() {
    let mut names = vec!["operation"];
    names.extend(UserStatus::ALL.map(UserStatus::as_str));
    let mut table = head(&names);
    for line in &TRANSITIONS {
        let mut cells = vec![format!("{:?}", line.operation)];
        for cell in line.cells {
            cells.push(match cell.outcome {
                Outcome::To(status) => status.as_str().to_owned(),
                Outcome::ToActiveOrProvisioned => "ACTIVE or PROVISIONED".to_owned(),
                Outcome::Stays => "=".to_owned(),
                Outcome::Erased => "erased".to_owned(),
                Outcome::Refused(refusal) => {
                    let code = refusal.problem().code;
                    format!("{} {}", code.status(), code.code())
                }
            });
        }
        table += &row(&cells);
    }
    table += "\nThe links that a user shows, by status (of a user whose password Okta keeps):\n\n";
    table += &head(&["status", "links besides self, schema, type"]);
    for status in UserStatus::ALL {
        let links: Vec<_> = status.links(CredentialState::Password).map(|(name, _)| name).collect();
        table += &row(&[status.as_str().to_owned(), links.join(", ")]);
    }
    let introduction = "What each operation does to a user in each status: the status after it, `=` if it stays, or the error.\n\
        ACTIVE or PROVISIONED: ACTIVE if the user has a password or a provider that keeps it. Printed from\n\
        `crates/model/src/user/status.rs`.";
    page("lifecycle.md", "The lifecycle", introduction, &table);
}

#[test]
fn errors() {
    let mut table = head(&["code", "status", "summary"]);
    for code in ErrorCode::ALL {
        table += &row(&[code.code().to_owned(), code.status().to_string(), code.summary_template().to_owned()]);
    }
    let introduction = "The errors that Roster answers, in Okta's words. Printed from `crates/model/src/error.rs`.";
    page("errors.md", "Errors", introduction, &table);
}

#[test]
fn events() {
    let mut table = head(&["event type", "message"]);
    for event in EventType::ALL {
        table += &row(&[format!("`{}`", event.as_str()), event.display_message().to_owned()]);
    }
    page("events.md", "System Log", "The events that Roster writes. Printed from `crates/model/src/event.rs`.", &table);
}

#[test]
fn roles() {
    let mut table = head(&["role", "label", "targets", "may do"]);
    for role in RoleType::ALL {
        let targets = match role.targets() {
            Targets::None => "",
            Targets::Groups => "groups",
            Targets::Applications => "apps",
        };
        let grants: Vec<String> = role.grants().iter().map(grant).collect();
        let cells = [format!("`{}`", role.as_str()), role.label().to_owned(), targets.to_owned(), grants.join(", ")];
        table += &row(&cells);
    }
    table += "\nWithout any role, a token may call these on its owner:\n\n";
    for operation in OPERATIONS.iter().filter(|operation| is_self_service(operation.id)) {
        writeln!(table, "- `{}`", operation.name).unwrap();
    }
    let introduction = "What an API token may do: what the roles of its owner allow, by scope (see [operations](operations.md)) or single\n\
        operation. Targets narrow what may be changed, not what may be seen. Nobody but a super administrator changes another\n\
        administrator (an organizational administrator changes all but super administrators) or a group with a role. Printed\n\
        from `crates/model/src/role.rs`.";
    page("roles.md", "Roles", introduction, &table);
}

fn grant(grant: &Grant) -> String {
    match grant {
        Grant::Everything => "everything".to_owned(),
        Grant::Reads => "read everything but roles".to_owned(),
        Grant::Scope(scope) => format!("`{}`", scope.as_str()),
        Grant::Operation(id) => format!("`{}`", id.operation().name),
    }
}

#[test]
fn rate_limits() {
    let mut table = head(&["bucket", "requests a minute"]);
    for bucket in Bucket::ALL {
        table += &row(&[format!("`{}`", bucket.name()), bucket.okta_limit().to_string()]);
    }
    let introduction = "What `--rate-limits okta` allows an org in a minute. A TOML file with lines such as `users = 100` names other\n\
        numbers. Printed from `crates/model/src/rate_limit.rs`.";
    page("rate-limits.md", "Rate limits", introduction, &table);
}

#[test]
fn profile_attributes() {
    let mut table = head(&["attribute", "title", "required", "length", "format", "own index"]);
    for attribute in &BASE_ATTRIBUTES {
        let format = attribute.format.map(|format| format!("`{}`", format.name())).unwrap_or_default();
        let mark = |set: bool| if set { "yes".to_owned() } else { String::new() };
        let mut length = String::new();
        write!(length, "{}–{}", attribute.min_length, attribute.max_length).unwrap();
        let name = format!("`{}`", attribute.name);
        table += &row(&[
            name,
            attribute.title.to_owned(),
            mark(attribute.required),
            length,
            format,
            mark(attribute.indexed),
        ]);
    }
    let introduction = "The 31 attributes of every user. A search by an attribute without an index of its own reads every user\n\
        (`login` has the index of logins). Printed from `crates/model/src/user/attribute.rs`.";
    page("profile-attributes.md", "Profile attributes", introduction, &table);
}
