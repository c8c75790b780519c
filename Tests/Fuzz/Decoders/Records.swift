// SPDX-License-Identifier: Apache-2.0
// Binary records of the metadata engines.

import Maintenance
import Metadata
import SluiceBase
import VolumeModel

/// A node's attributes and what is shown of them.
@Sendable func checkAttributes(_ bytes: [UInt8]) throws(BrokenPromise) {
    guard let attributes = accepted({ () throws(CodecError) in try Attributes(decoding: bytes) }) else {
        return
    }
    let again = try certain("attributes") { () throws(CodecError) in
        try Attributes(decoding: attributes.encoded)
    }
    try promise(again == attributes, "attributes change when they are written and read again")
    try promise(attributes.usedSpace >= 4096, "a node uses \(attributes.usedSpace) bytes")
    for time in [attributes.accessTime, attributes.modifyTime, attributes.changeTime] {
        _ = time.rfc3339
        _ = time.localText
        let hour = TrashHour(containing: time)
        try promise(TrashHour(parsing: hour.name) == hour, "the trash hour \(hour.name) does not read back")
    }
}

/// ACL rules in the three forms in which they are stored and handed over.
@Sendable func checkACL(_ bytes: [UInt8]) throws(BrokenPromise) {
    if let rule = accepted({ () throws(CodecError) in try ACLRule(decoding: bytes) }) {
        try promise(rule.encoded == bytes, "an ACL rule is written differently from how it was read")
        _ = (rule.isMinimal, rule.isEmpty)
    }
    if let entries = accepted({ () throws(CodecError) in try ACLRule.entries(decoding: bytes) }) {
        try promise(
            ACLRule.encode(entries) == bytes,
            "ACL entries are written differently from how they were read"
        )
    }
    if let rule = accepted({ () throws(CodecError) in try ACLRule(decodingAttribute: bytes) }) {
        let again = try certain("an ACL attribute") { () throws(CodecError) in
            try ACLRule(decodingAttribute: rule.attributeValue)
        }
        try promise(again == rule, "an ACL attribute changes when it is written and read again")
    }
}

/// Range locks, quota limits, delayed slices and session records: each reader gets the same bytes.
@Sendable func checkRecords(_ bytes: [UInt8]) throws(BrokenPromise) {
    if let locks = accepted({ () throws(CodecError) in try RangeLock.list(decoding: bytes) }) {
        try promise(
            RangeLock.encode(locks) == bytes,
            "range locks are written differently from how they were read"
        )
    }
    if let quota = accepted({ () throws(CodecError) in try Quota(decodingLimits: bytes) }) {
        try promise(
            quota.encodedLimits == bytes,
            "quota limits are written differently from how they were read"
        )
        _ = quota.isExceeded(byAddingSpace: .max, inodes: .max)
    }
    if let info = accepted({ () throws(CodecError) in try SessionInfo(decoding: bytes) }) {
        let again = try certain("session info") { () throws(CodecError) in
            try SessionInfo(decoding: info.encoded)
        }
        try promise(again == info, "session info changes when it is written and read again")
    }
    let row = DelayedSlices(id: 1, deleted: 0, encodedSlices: bytes)
    let listed = accepted { () throws(CodecError) in try row.slices() }
    var uses = 0
    let isWhole = SliceUseCollector.read(row) { _ in uses += 1 }
    try promise(isWhole == (listed != nil), "two readers of delayed slices disagree about damage")
    if let listed {
        try promise(uses == listed.count { $0.id != 0 }, "two readers of delayed slices count differently")
    }
}
