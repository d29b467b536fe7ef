//! Who is here, who is kept, who is host.
use std::collections::{BTreeMap, BTreeSet};

use crate::clock::Instant;
use crate::model::{DisplayName, MemberId};
use crate::rooms::event::{Intent, Join, JoinError, MemberView, PlayerStatus, Resume, ResumeKey, Stat, Why};
use crate::rooms::limits::{CHAT_PACE, COMMAND_PACE, Limits, MEMBERS_LISTED_MAX, SEEK_PACE, TokenBucket};
use crate::rooms::recent::Recent;

/// Somebody with a place in the room.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) name: DisplayName,
    pub(crate) key: ResumeKey,
    /// When the place is given up; nothing while online.
    kept_until: Option<Instant>,
    pub(crate) stat: Stat,
    /// Whether the player has played at all: a first start takes longer.
    pub(crate) started: bool,
    /// The last revision this member's player said it can start at.
    pub(crate) ready: Option<u64>,
    /// What became of the last commands: the revision or the refusal.
    pub(crate) commands: Recent<Result<u64, Why>>,
    /// The last chat ids.
    pub(crate) said: Recent<()>,
    command_tokens: TokenBucket,
    seek_tokens: TokenBucket,
    chat_tokens: TokenBucket,
}

impl Member {
    fn new(now: Instant, name: DisplayName, key: ResumeKey) -> Self {
        Self {
            name,
            key,
            kept_until: None,
            stat: Stat::default(),
            started: false,
            ready: None,
            commands: Recent::new(),
            said: Recent::new(),
            command_tokens: TokenBucket::paced(COMMAND_PACE, now),
            seek_tokens: TokenBucket::paced(SEEK_PACE, now),
            chat_tokens: TokenBucket::paced(CHAT_PACE, now),
        }
    }

    pub(crate) fn is_online(&self) -> bool {
        self.kept_until.is_none()
    }

    /// Whether others wait for this member: not for a hidden tab, a refused player or a broken connection.
    pub(crate) fn votes(&self) -> bool {
        self.is_online() && !matches!(self.stat.player, PlayerStatus::Away | PlayerStatus::Blocked)
    }

    pub(crate) fn may_command(&mut self, now: Instant, intent: &Intent) -> bool {
        match intent {
            Intent::Seek(_) | Intent::SeekBy(_) => self.seek_tokens.take(now),
            _ => self.command_tokens.take(now),
        }
    }

    pub(crate) fn may_chat(&mut self, now: Instant) -> bool {
        self.chat_tokens.take(now)
    }
}

/// The members of a room, in order of joining.
#[derive(Debug)]
pub(crate) struct Members {
    by_id: BTreeMap<MemberId, Member>,
    /// Places to be given up, soonest first.
    expiries: BTreeSet<(Instant, MemberId)>,
    last_id: u32,
    host: Option<MemberId>,
}

impl Members {
    pub(crate) fn new() -> Self {
        Self { by_id: BTreeMap::new(), expiries: BTreeSet::new(), last_id: 0, host: None }
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(crate) fn online(&self) -> impl Iterator<Item = (MemberId, &Member)> {
        self.by_id.iter().filter(|(_, member)| member.is_online()).map(|(id, member)| (*id, member))
    }

    pub(crate) fn online_count(&self) -> usize {
        self.by_id.len() - self.expiries.len()
    }

    pub(crate) fn get(&self, id: MemberId) -> Option<&Member> {
        self.by_id.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: MemberId) -> Option<&mut Member> {
        self.by_id.get_mut(&id)
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &Member> {
        self.by_id.values()
    }

    /// Somebody new. The first one made the room and is its host.
    pub(crate) fn add(&mut self, now: Instant, join: &Join, limits: &Limits) -> Result<MemberId, JoinError> {
        if self.by_id.len() >= limits.members_max {
            return Err(JoinError::Full);
        }
        self.last_id += 1;
        let id = MemberId(self.last_id);
        self.by_id.insert(id, Member::new(now, join.name.clone(), join.key));
        self.choose_host();
        Ok(id)
    }

    /// Gives a member its place back, if the key fits. The page may be a new one, so its player counts as cold. What
    /// was said about being ready stays: should it be a new page, one viewer starts late; else all would wait for a
    /// report that was already given.
    pub(crate) fn resume(&mut self, resume: &Resume) -> Option<MemberId> {
        let member = self.by_id.get_mut(&resume.member).filter(|member| member.key == resume.key)?;
        member.started = false;
        member.stat = Stat::default();
        self.set_online(resume.member);
        Some(resume.member)
    }

    /// True when the member was offline.
    pub(crate) fn set_online(&mut self, id: MemberId) -> bool {
        let Some(until) = self.by_id.get_mut(&id).and_then(|member| member.kept_until.take()) else { return false };
        self.expiries.remove(&(until, id));
        self.choose_host();
        true
    }

    /// True when the member was online.
    pub(crate) fn set_offline(&mut self, id: MemberId, until: Instant) -> bool {
        let Some(member) = self.by_id.get_mut(&id).filter(|member| member.is_online()) else { return false };
        member.kept_until = Some(until);
        self.expiries.insert((until, id));
        true
    }

    pub(crate) fn remove(&mut self, id: MemberId) -> Option<Member> {
        let member = self.by_id.remove(&id)?;
        if let Some(until) = member.kept_until {
            self.expiries.remove(&(until, id));
        }
        self.choose_host();
        Some(member)
    }

    pub(crate) fn next_expiry(&self) -> Option<Instant> {
        self.expiries.first().map(|(until, _)| *until)
    }

    /// One member whose kept place is to be given up.
    pub(crate) fn expired(&self, now: Instant) -> Option<MemberId> {
        self.expiries.first().filter(|(until, _)| *until <= now).map(|(_, id)| *id)
    }

    /// The host stays host while its place is kept; after that the longest-present member inherits.
    fn choose_host(&mut self) {
        if self.host.is_some_and(|host| self.by_id.contains_key(&host)) {
            return;
        }
        let present = self.online().map(|(id, _)| id).next();
        self.host = present.or_else(|| self.by_id.keys().next().copied());
    }

    pub(crate) fn view(&self) -> Vec<MemberView> {
        let views = self.by_id.iter().map(|(id, member)| MemberView {
            id: *id,
            name: member.name.clone(),
            host: self.host == Some(*id),
            online: member.is_online(),
            stat: member.stat,
        });
        views.take(MEMBERS_LISTED_MAX).collect()
    }
}
