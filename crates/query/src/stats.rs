//! The report of `/v1/stats` and `/v1/sources`: metrics by dimensions, with totals and a second period.

use crate::build::build;
use crate::cursor::resume;
use crate::fault::Fault;
use crate::model::Query;
use crate::plan::{Plan, Wanted};
use crate::report::{Found, Report};
use crate::shape::{Parts, StatsAnswer, answer};
use statement::{Kind, Scope, Statement, clean_days, clean_rows};

/// A question for metrics by dimensions.
#[derive(Debug)]
pub struct Stats {
    query: Query,
    /// The questions that the answer needs, in the order of [`Stats::asked`], each with the computed tables that can
    /// answer.
    wanted: Vec<(Query, Option<Wanted>)>,
    tables: Vec<&'static str>,
}

impl Stats {
    /// The report on a question.
    pub fn of(query: Query) -> Self {
        Self { query, wanted: Vec::new(), tables: Vec::new() }
    }

    /// The question itself, the other period, the totals, and the totals of the other period; `None` if not needed.
    fn asked(&self) -> [Option<Query>; 4] {
        let totals = self.query.needs_totals().then(|| self.query.totals());
        let compared_totals = totals.as_ref().and_then(Query::before);
        [Some(self.query.clone()), self.query.before(), totals, compared_totals]
    }
}

impl Report for Stats {
    type Answer = StatsAnswer;

    fn project(&self) -> Option<&str> {
        self.query.project.as_deref()
    }

    fn lookups(&mut self, scope: &Scope<'_>) -> Result<Vec<Statement>, Fault> {
        resume(&mut self.query, scope)?;
        let asked = self.asked().into_iter().flatten();
        self.wanted = asked.map(|query| (Wanted::of(&query), query)).map(|(wanted, query)| (query, wanted)).collect();
        let wanted = self.wanted.iter().filter_map(|(_, wanted)| wanted.as_ref());
        let days = |wanted: &Wanted| {
            wanted.kinds().map(|kind| clean_days(kind, scope, wanted.first, wanted.end)).collect::<Vec<_>>()
        };
        Ok(wanted.flat_map(days).collect())
    }

    fn statements(&mut self, scope: &Scope<'_>, looked_up: &[Found]) -> Result<Vec<Statement>, String> {
        let mut looked_up = looked_up.iter();
        let mut statements = Vec::new();
        for (index, (query, wanted)) in self.wanted.iter().enumerate() {
            let plan = match wanted {
                None => Plan::default(),
                Some(wanted) => {
                    let (mut rollup, mut sessions) = (Vec::new(), Vec::new());
                    for kind in wanted.kinds() {
                        let found = looked_up.next().ok_or("a look-up is missing")?;
                        *(if kind == Kind::Sessions { &mut sessions } else { &mut rollup }) = clean_rows(&found.lines)?;
                    }
                    wanted.plan(query, rollup, sessions)
                }
            };
            if index == 0 {
                self.tables = plan.tables(query);
            }
            statements.push(build(query, scope, &plan));
        }
        Ok(statements)
    }

    fn answer(&self, scope: &Scope<'_>, found: &[Found], elapsed_ms: i64) -> Result<StatsAnswer, String> {
        let mut found = found.iter();
        let [rows, compared, totals, compared_totals] = self.asked().map(|asked| asked.and_then(|_| found.next()));
        let parts = Parts { rows, compared, totals, compared_totals };
        answer(&self.query, scope, &parts, self.tables.clone(), elapsed_ms)
    }
}
