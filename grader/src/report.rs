//! The verb `report`: one page with all tasks, and the result and the picture of each behaviour.
//!
//! The page needs nothing from elsewhere, and obeys nothing that a program has printed: every
//! text in it is escaped.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use scenario::environment::LAB_PICTURE;

use crate::task::{Show, Task};
use crate::test::{ask, begin_elsewhere, rows, words, worth};
use crate::verdict::{Asked, Status, by_task};

/// Asks for all behaviours of these tasks, and writes the page to `to`.
pub fn run(workspace: &Path, tasks: &[Task], to: &Path) -> Result<()> {
    let always = [(LAB_PICTURE.to_owned(), "always".to_owned())];
    let page = page(&ask(workspace, tasks, 1, &always));
    let folder = to.parent().context("a file has a folder")?;
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(to, page))
        .with_context(|| to.display().to_string())?;
    println!("{}", to.display());
    Ok(())
}

fn page(asked: &[Asked]) -> String {
    let rows = rows(asked);
    let row = |cells: &Vec<String>, tag: &str| {
        let cell = |text: &String| format!("<{tag}>{}</{tag}>", escaped(text));
        format!("<tr>{}</tr>\n", cells.iter().map(cell).collect::<String>())
    };
    let (head, body) = rows.split_first().expect("a table has a head");
    let body: String = body.iter().map(|cells| row(cells, "td")).collect();
    let sections: String = by_task(asked).map(|of_task| section(of_task, asked)).collect();
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Report</title>\n<style>\n{}</style>\n<h1>Report</h1>\n<table>\n{}{body}</table>\n\
         {sections}</html>\n",
        include_str!("report.css"),
        row(head, "th")
    )
}

fn section(of_task: &[Asked], asked: &[Asked]) -> String {
    let task = of_task[0].task;
    let elsewhere = begin_elsewhere(of_task, asked);
    let elsewhere = elsewhere.map(|line| format!("<p>{}</p>\n", escaped(line.trim_end())));
    let behaviours: String = of_task.iter().map(behaviour).collect();
    let title = escaped(&format!("{task}: {}", task.title));
    format!("<h2>{title}</h2>\n{}{behaviours}", elsewhere.unwrap_or_default())
}

fn behaviour(one: &Asked) -> String {
    let (status, message) = (one.verdict.status, one.verdict.message.trim_end());
    let (class, open) = match status {
        Status::Passed => ("good", ""),
        _ if one.verdict.has_failed() => ("bad", " open"),
        _ => ("rest", ""),
    };
    let sentence = escaped(&one.behaviour.sentence);
    let summary = format!("<b>{}</b>{sentence} ({})", escaped(&words(one)), worth(one));
    if one.task.show != Show::Full {
        return format!("<p class=\"{class}\">{summary}</p>\n");
    }
    let message = match message {
        "" => String::new(),
        // With a tab index, so that a keyboard can scroll what is wider than the screen.
        message => format!("<pre tabindex=\"0\">{}</pre>\n", escaped(message)),
    };
    let hints = one.behaviour.hints.iter().map(|hint| {
        let (question, answer) = (escaped(&hint.question), escaped(&hint.answer));
        format!("<details><summary>Hint: {question}</summary>{answer}</details>\n")
    });
    let hints: String = hints.collect();
    format!(
        "<details class=\"{class}\"{open}><summary>{summary}</summary>\n{message}{hints}</details>\n"
    )
}

/// The text as HTML that shows it, and obeys nothing in it.
fn escaped(text: &str) -> String {
    let escape = |c: char| match c {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '"' => "&quot;".to_owned(),
        // Pictures have none; an assertion of a test may.
        c if c.is_control() && c != '\n' => char::REPLACEMENT_CHARACTER.to_string(),
        c => c.to_string(),
    };
    text.chars().map(escape).collect()
}
