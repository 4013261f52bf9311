//! How results come about: a slot begins, waits for what it needs, starts, is settled, and is
//! forgotten.

use std::collections::VecDeque;

use super::slot::{Job, Outcome, Slot, State, weight as weight_of};
use super::start::Next;
use super::{AnswerId, MAX_PENDING, Output, Session};
use crate::error::{Code, RpcError};
use crate::stub::{CallId, Stub};
use crate::value::Cap;

impl<T: Clone> Session<T> {
    /// A new slot for `job`, under this number, and what follows from it.
    pub(super) fn open(
        &mut self,
        id: i64,
        slot: Slot<T>,
        job: Job<T>,
        out: &mut Vec<Output<T>>,
    ) -> Result<(), RpcError> {
        self.has_room(1)?;
        self.slots.insert(id, slot);
        self.pending += 1;
        self.begin(id, job, out);
        Ok(())
    }

    /// Starts the job of a slot, or lets it wait for what it needs.
    pub(super) fn begin(&mut self, id: i64, job: Job<T>, out: &mut Vec<Output<T>>) {
        let needs = &self.slots[&id].uses.needs;
        let missing: Vec<_> =
            needs.iter().copied().filter(|need| !self.is_done(*need)).collect();
        // An answer to a call of ours is no further call of the other side.
        if self.pending > MAX_PENDING && self.slots[&id].answers.is_none() {
            let text = format!("more than {MAX_PENDING} calls are under way");
            return self.settle(id, Err(RpcError::new(Code::TooMany, text)), out);
        }
        if missing.is_empty() {
            let mut settled = VecDeque::new();
            self.start(id, job, out, &mut settled);
            return self.settle_all(settled, out);
        }
        let weight = job.weight();
        if self.held + weight > self.may_hold {
            return self.settle(id, Err(self.too_much()), out);
        }
        for need in &missing {
            self.slots.entry(*need).and_modify(|slot| slot.waiters.push(id));
        }
        self.held += weight;
        if let Some(slot) = self.slots.get_mut(&id) {
            slot.weight = weight;
            slot.missing = missing.len();
            slot.state = State::Waiting(job);
        }
    }

    pub(super) fn settle(&mut self, id: i64, result: Outcome<T>, out: &mut Vec<Output<T>>) {
        self.settle_all(VecDeque::from([(id, result)]), out);
    }

    /// Notes results, sends those that are pulled, and starts what has waited for them: one after
    /// the other, not by recursion, as such chains can be long.
    fn settle_all(
        &mut self,
        mut settled: VecDeque<(i64, Outcome<T>)>,
        out: &mut Vec<Output<T>>,
    ) {
        while let Some((id, result)) = settled.pop_front() {
            let result = self.hold_result(result);
            let Some(slot) = self.slots.get_mut(&id) else { continue };
            let weight = result.as_ref().map_or_else(RpcError::weight, weight_of);
            self.held = self.held - slot.weight + weight;
            slot.weight = weight;
            slot.state = State::Done(result);
            self.pending -= 1;
            let waiters = std::mem::take(&mut slot.waiters);
            let uses = std::mem::take(&mut slot.uses);
            for import in uses.borrowed {
                self.let_go(import, out);
            }
            self.deliver(id, out);
            for waiter in waiters {
                let Some(slot) = self.slots.get_mut(&waiter) else { continue };
                slot.missing -= 1;
                // It may have been given up meanwhile.
                if slot.missing == 0
                    && matches!(slot.state, State::Waiting(_))
                    && let State::Waiting(job) = slot.state.take()
                {
                    self.start(waiter, job, out, &mut settled);
                }
            }
            for need in uses.needs {
                self.drop_use(need, out);
            }
            self.tidy(id, out);
        }
    }

    /// Everything that this job needs is there.
    fn start(
        &mut self,
        id: i64,
        job: Job<T>,
        out: &mut Vec<Output<T>>,
        settled: &mut VecDeque<(i64, Outcome<T>)>,
    ) {
        match self.work_out(id, job) {
            Ok(Next::Done(value)) => settled.push_back((id, Ok(value))),
            Ok(Next::Run { target, path, args }) => {
                self.slots.entry(id).and_modify(|slot| slot.state = State::Running);
                out.push(Output::Run { id: AnswerId(id), target, path, args });
            }
            Err(error) => settled.push_back((id, Err(error))),
        }
    }

    /// Sends the result of a slot, or gives it to our program, if it is there and wanted.
    pub(super) fn deliver(&mut self, id: i64, out: &mut Vec<Output<T>>) {
        let Some(slot) = self.slots.get_mut(&id) else { return };
        if !matches!(slot.state, State::Done(_)) {
            return;
        }
        let State::Done(result) = slot.state.take() else { return };
        if let Some(call) = slot.answers.take() {
            if let Ok(value) = &result {
                // The slot gives its stubs back in a moment. Those of our program stay.
                value.each_cap(&mut |cap| self.hold_for_us(cap));
            }
            out.push(Output::Answered { call: CallId(call), result: result.clone() });
        } else if slot.pulled && !slot.is_sent && slot.refs > 0 {
            slot.is_sent = true;
            out.push(Output::Send(self.write_answer(id, &result)));
        }
        if let Some(slot) = self.slots.get_mut(&id) {
            slot.state = State::Done(result);
        }
    }

    /// One job less needs this slot.
    fn drop_use(&mut self, id: i64, out: &mut Vec<Output<T>>) {
        if let Some(slot) = self.slots.get_mut(&id) {
            slot.users -= 1;
        }
        self.tidy(id, out);
    }

    /// Forgets a slot that is done, and that neither side can name any more.
    pub(super) fn tidy(&mut self, id: i64, out: &mut Vec<Output<T>>) {
        let is_idle = |slot: &Slot<T>| match &slot.state {
            State::Done(_) => slot.refs == 0 && slot.users == 0,
            State::Promised => slot.refs == 0 && slot.users == 0 && slot.is_forgotten,
            _ => false,
        };
        if !self.slots.get(&id).is_some_and(is_idle) {
            return;
        }
        let Some(slot) = self.slots.remove(&id) else { return };
        self.held -= slot.weight;
        match slot.state {
            State::Done(Ok(value)) if !self.imports.is_empty() => {
                value.each_cap(&mut |cap| {
                    if let Cap::Stub(Stub { id }) = cap {
                        self.let_go(*id, out);
                    }
                });
            }
            State::Promised => self.pending -= 1,
            _ => {}
        }
    }

    fn is_done(&self, id: i64) -> bool {
        self.slots.get(&id).is_none_or(|slot| matches!(slot.state, State::Done(_)))
    }
}
