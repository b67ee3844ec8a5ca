//! What a node of a cluster knows about all nodes.

use std::ops::RangeInclusive;

/// One line of `CLUSTER NODES`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node {
    pub id: String,
    pub port: u16,
    /// Of a replica, the id of its master.
    pub master: Option<String>,
    /// Whether the one who was asked thinks so.
    pub failed: bool,
    /// The higher claim to a slot is the newer.
    pub epoch: u64,
    pub slots: Vec<RangeInclusive<u16>>,
}

impl Node {
    pub(super) fn holds(&self, slot: u16) -> bool {
        !self.failed && self.master.is_none() && self.slots.iter().any(|slots| slots.contains(&slot))
    }
}

/// Reads what `CLUSTER NODES` answers; `None` where it is not understood.
pub(super) fn nodes(text: &str) -> Option<Vec<Node>> {
    text.lines().map(node).collect()
}

fn node(line: &str) -> Option<Node> {
    let [id, address, flags, master, _pinged, _answered, epoch, _link, slots @ ..] =
        &line.split(' ').collect::<Vec<_>>()[..]
    else {
        return None;
    };
    let (_host, port) = address.split('@').next()?.rsplit_once(':')?;
    Some(Node {
        id: (*id).into(),
        port: port.parse().ok()?,
        master: (*master != "-").then(|| (*master).into()),
        failed: flags.split(',').any(|flag| flag == "fail" || flag == "noaddr"),
        epoch: epoch.parse().ok()?,
        // One that stands in brackets is on its way.
        slots: slots.iter().filter(|slots| !slots.starts_with('[')).map(|slots| range(slots)).collect::<Option<_>>()?,
    })
}

fn range(text: &str) -> Option<RangeInclusive<u16>> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    Some(first.parse().ok()?..=last.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masters_replicas_and_slots_on_their_way_are_read() {
        let text = "\
            a1 127.0.0.1:7001@17001 myself,master - 0 0 1 connected 0-5460 6000 [93->-b2]\n\
            b2 127.0.0.1:7002@17002,host master,fail - 1 2 2 connected 5461-5999\n\
            c3 127.0.0.1:7003@17003 slave a1 0 3 1 connected";
        let node = |id: &str, port, master: Option<&str>, failed, epoch, slots| {
            let master = master.map(Into::into);
            Node { id: id.into(), port, master, failed, epoch, slots }
        };
        let read = nodes(text).unwrap();
        assert_eq!(
            read,
            [
                node("a1", 7001, None, false, 1, vec![0..=5460, 6000..=6000]),
                node("b2", 7002, None, true, 2, vec![5461..=5999]),
                node("c3", 7003, Some("a1"), false, 1, vec![]),
            ]
        );
        assert!(read[0].holds(6000) && !read[0].holds(5999) && !read[1].holds(5999) && !read[2].holds(0));
    }

    #[test]
    fn a_line_that_is_no_node_is_not_understood() {
        assert_eq!(nodes("ERR This instance has cluster support disabled"), None);
    }
}
