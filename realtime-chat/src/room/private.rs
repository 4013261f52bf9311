//! A message to one user, whichever rooms both are in. It is no part of any history: no other user
//! ever sees it. The person who runs the server could.

use std::sync::Arc;

use capnweb::{Code, RpcError};

use super::{ChatRoom, Order, Partner, Partners, User, emoji};
use crate::interface::{Kind, Note, Notice, Reply, Result};
use crate::name::Name;

/// How many partners of a kind are remembered, before the oldest is forgotten.
const MAX_PARTNERS: usize = 64;

impl ChatRoom {
    /// Tells `to`, and the sender itself, which sees that it was told.
    pub(super) fn send_private(
        &mut self,
        sender: &User,
        to: &Name,
        text: &str,
    ) -> Result<Reply> {
        // LAB:BEGIN private
        let Some(receiver) = self.find(to).cloned() else {
            return Err(RpcError::new(Code::NotFound, format!("nobody here is called {to}")));
        };
        let kind = Kind::Private { to: receiver.name.to_string() };
        let text = emoji::with_emoji(text);
        let note = Note { username: sender.name.to_string(), text, kind };
        let notice = Notice::new(Arc::new(note));
        self.stop_typing(sender);
        self.order(receiver.id, Order::Notify(receiver.stub, notice.clone()));
        if receiver.id != sender.id {
            self.order(sender.id, Order::Notify(sender.stub, notice));
        }
        Ok(Reply::Status("sent"))
        // LAB:STUB
        //| // Tell the receiver, and the sender, who is not typing any more. For now nobody is told.
        //| let _ = (sender, to, text, emoji::with_emoji, Arc::<Note>::new, Notice::new);
        //| let _ = (Kind::<()>::System, Order::Notify, Reply::Status("sent"), &self.clients);
        //| let _ = Self::stop_typing;
        //| Err(RpcError::new(Code::Internal, "task private is not written yet"))
        // LAB:END private
    }

    /// Refuses a message for a name that somebody else has taken since the sender and its user have
    /// written to each other. If it is sent once more, it is meant for the one who has it now.
    pub(super) fn check_receiver(
        &mut self,
        sender: &User,
        to: &Name,
        text: &str,
    ) -> Result<()> {
        let Some(receiver) = self.find(to).cloned() else { return Ok(()) };
        if let Some(client) = self.clients.get_mut(&sender.id) {
            client.partners.check(&receiver, text)?;
        }
        if let Some(client) = self.clients.get_mut(&receiver.id) {
            let partner = client.partners.known_as(sender);
            remember(&mut client.partners.have_written, partner);
        }
        Ok(())
    }
}

impl Partners {
    /// Refuses the text if the receiver's name was another's, until the same text comes again:
    /// another one may have been typed before the refusal of the first could be read.
    fn check(&mut self, receiver: &User, text: &str) -> Result<()> {
        let (name, id) = self.known_as(receiver);
        let message = (receiver.id, text.to_owned());
        if id == receiver.id || self.refused.as_ref() == Some(&message) {
            forget(&mut self.have_written, &name); // From now on the name is the receiver's.
            remember(&mut self.written_to, (name, receiver.id));
            return Ok(());
        }
        let text = format!(
            "the {name} that you have written with has left: send it again to tell the one who \
             has this name now"
        );
        remember(&mut self.written_to, (name, id));
        self.refused = Some(message);
        Err(RpcError::new(Code::NotFound, text))
    }

    /// The partner that had this user's name; this user itself, if there was none.
    fn known_as(&self, user: &User) -> Partner {
        let mut partners = self.written_to.iter().chain(&self.have_written);
        let known = partners.find(|(name, _)| name.looks_like(&user.name));
        known.cloned().unwrap_or((user.name.clone(), user.id))
    }
}

fn remember(partners: &mut Vec<Partner>, partner: Partner) {
    forget(partners, &partner.0);
    partners.insert(0, partner);
    partners.truncate(MAX_PARTNERS);
}

fn forget(partners: &mut Vec<Partner>, name: &Name) {
    partners.retain(|(known, _)| !known.looks_like(name));
}
