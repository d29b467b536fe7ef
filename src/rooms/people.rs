//! Who comes and goes, what they report and say, and when the others are told.
use std::time::Duration;

use crate::model::MemberId;
use crate::rooms::chat;
use crate::rooms::event::{Event, Output, PlayerStatus, Stat, Why};
use crate::rooms::limits::{MEMBERS_INTERVAL, NOTICE_MEMBERS_MAX, STATS_INTERVAL, STATS_INTERVAL_LARGE};
use crate::rooms::room::Room;

impl Room {
    pub(crate) fn stat(&mut self, id: MemberId, stat: Stat) {
        let Some(member) = self.members.get_mut(id) else { return };
        let same_player = member.stat.player == stat.player;
        member.stat = stat;
        member.started |= matches!(stat.player, PlayerStatus::InSync | PlayerStatus::CatchingUp);
        if !member.votes() {
            self.release(id);
        }
        let large = self.members.len() > NOTICE_MEMBERS_MAX;
        self.members_changed(match (large, same_player) {
            (true, _) => STATS_INTERVAL_LARGE,
            (false, true) => STATS_INTERVAL,
            (false, false) => MEMBERS_INTERVAL,
        });
    }

    pub(crate) fn chat(&mut self, from: MemberId, id: String, text: &str) {
        let Some(member) = self.members.get_mut(from) else { return };
        if member.said.find(&id).is_some() {
            return;
        }
        let checked = chat::clean(text).ok_or(Why::Invalid);
        let checked = checked.and_then(|text| member.may_chat(self.now).then_some(text).ok_or(Why::SlowDown));
        match checked {
            Ok(text) => {
                let name = String::from(member.name.clone());
                member.said.remember(id, ());
                self.say(Some(from), name, text);
            }
            Err(why) => {
                let nack = Event::Nack { id, why, state: self.play.state() };
                self.outputs.push_back(Output::Send(from, nack));
            }
        }
    }

    pub(crate) fn say(&mut self, from: Option<MemberId>, name: String, text: String) {
        let since = self.now.since(self.made_at).as_millis();
        let at_ms = self.made_unix_ms.saturating_add(i64::try_from(since).unwrap_or(i64::MAX));
        let line = self.history.add(from, name, text, at_ms);
        self.outputs.push_back(Output::Broadcast(Event::Chat(line)));
    }

    pub(crate) fn notice(&mut self, text: &str) {
        if self.members.len() <= NOTICE_MEMBERS_MAX {
            self.say(None, String::new(), text.to_owned());
        }
    }

    pub(crate) fn disconnected(&mut self, member: MemberId) {
        if self.members.set_offline(member, self.now + self.limits.offline_kept) {
            self.release(member);
            self.members_changed(MEMBERS_INTERVAL);
        }
    }

    pub(crate) fn gone(&mut self, id: MemberId) {
        let Some(member) = self.members.remove(id) else { return };
        self.release(id);
        self.notice(&format!("{} left", member.name.as_str()));
        self.members_changed(MEMBERS_INTERVAL);
        if self.members.len() == 0 {
            self.empty_until = Some(self.now + self.limits.empty_kept);
        }
    }

    pub(crate) fn members_changed(&mut self, interval: Duration) {
        let due = self.now.max(self.members_told + interval);
        self.members_due = Some(self.members_due.map_or(due, |earlier| earlier.min(due)));
    }

    pub(crate) fn tell_members(&mut self) {
        self.members_due = None;
        self.members_told = self.now;
        let total = u32::try_from(self.members.len()).unwrap_or(u32::MAX);
        self.outputs.push_back(Output::Broadcast(Event::Members { members: self.members.view(), total }));
        if self.waiting_changed && self.play.barrier.is_some() {
            self.play.refresh();
            self.announce();
        }
    }
}
