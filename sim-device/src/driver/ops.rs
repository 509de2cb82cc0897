//! The ops that a modelled device holds.

use crate::compute::WorkItem;
use crate::model::Done;
use crate::protocol::{Cookie, Status};

/// An op between fetch and completion. It is answered when both model and compute are done with it,
/// in either order: a slice is free again at its modelled time, whatever the CPU does.
pub(super) struct Op {
    pub(super) cookie: Cookie,
    pub(super) slot: u32,
    /// The work, with the payload in private memory. It stays here from op to op, and is away only
    /// while a worker has it.
    pub(super) item: Option<Box<WorkItem>>,
    pub(super) computed: Option<Result<usize, Status>>,
    pub(super) modelled: Option<Done>,
}

/// Ops by token; a token, and the memory behind it, is used again when its op has been answered.
#[derive(Default)]
pub(super) struct Ops {
    by_token: Vec<Op>,
    /// Never empty between [`vacant`](Self::vacant) and [`claim`](Self::claim).
    free: Vec<u32>,
}

impl Ops {
    /// The op that will be claimed next, to be filled in: its token, and what stands there.
    pub(super) fn vacant(&mut self) -> (u32, &mut Op) {
        if self.free.is_empty() {
            self.grow();
        }
        let token = self.free[self.free.len() - 1];
        (token, &mut self.by_token[token as usize])
    }

    /// The op that [`vacant`](Self::vacant) gave is in the device now.
    pub(super) fn claim(&mut self) {
        self.free.pop();
    }

    pub(super) fn get(&mut self, token: u32) -> &mut Op {
        &mut self.by_token[token as usize]
    }

    /// The op was answered.
    pub(super) fn release(&mut self, token: u32) {
        self.free.push(token);
    }

    #[cold]
    fn grow(&mut self) {
        let token = u32::try_from(self.by_token.len()).expect("in-flight limits bound the table");
        self.by_token.push(Op {
            cookie: Cookie {
                slot: 0,
                generation: 0,
            },
            slot: 0,
            item: Some(Box::default()),
            computed: None,
            modelled: None,
        });
        self.free.push(token);
    }
}
