// SPDX-License-Identifier: Apache-2.0
// How ACLs and mode bits follow each other (metadata-format §5.10, JuiceFS 1.4.2).

import VolumeModel

extension ACLRule {
    /// The nine permission bits that show the rule; the mask stands in for the group when there is one.
    var permissionBits: UInt16 {
        (owner & 7) << 6 | ((mask == Self.unset ? group : mask) & 7) << 3 | other & 7
    }

    /// Takes what is not set from a mode.
    mutating func fill(from mode: UInt16) {
        if owner == Self.unset { owner = mode >> 6 & 7 }
        if group == Self.unset { group = mode >> 3 & 7 }
        if other == Self.unset { other = mode & 7 }
    }

    /// Follows a chmod: the group bits are the mask's, the group's own rights stay.
    mutating func follow(mode: UInt16) {
        owner = mode >> 6 & 7
        if mask == Self.unset { group = mode >> 3 & 7 } else { mask = mode >> 3 & 7 }
        other = mode & 7
    }

    /// The access rule of a node created with `mode` below a directory whose default rule this is.
    func inherited(mode: UInt16) -> ACLRule {
        var rule = self
        rule.owner &= mode >> 6 & 7
        rule.mask &= mode >> 3 & 7
        rule.other &= mode & 7
        return rule
    }
}
