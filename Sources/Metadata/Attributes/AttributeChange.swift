// SPDX-License-Identifier: Apache-2.0

package import SluiceBase
package import VolumeModel

/// What to change of a node's attributes; nil leaves a field as it is.
///
/// The length changes by truncation.
package struct AttributeChange: Hashable, Sendable {
    /// A new time.
    package enum Time: Hashable, Sendable {
        /// That of the transaction.
        case now
        /// Before 1970 means now (metadata-format §3.2).
        case at(Timestamp)
    }

    /// Low 12 bits.
    package var mode: UInt16?
    package var uid: UInt32?
    package var gid: UInt32?
    package var accessTime: Time?
    package var modifyTime: Time?
    /// Every change sets this to the transaction's time unless it is given here.
    package var changeTime: Time?
    package var flags: NodeFlags?
    /// 0...3.
    package var tier: UInt8?

    package init(
        mode: UInt16? = nil,
        uid: UInt32? = nil,
        gid: UInt32? = nil,
        accessTime: Time? = nil,
        modifyTime: Time? = nil,
        changeTime: Time? = nil,
        flags: NodeFlags? = nil,
        tier: UInt8? = nil,
    ) {
        self.mode = mode
        self.uid = uid
        self.gid = gid
        self.accessTime = accessTime
        self.modifyTime = modifyTime
        self.changeTime = changeTime
        self.flags = flags
        self.tier = tier
    }
}
