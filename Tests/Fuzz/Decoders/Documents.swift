// SPDX-License-Identifier: Apache-2.0
// Text that others wrote: settings, JSON, steps of a plan.

import BlockStore
import BucketSync
import Maintenance
import ObjectStorage
import SluiceBase
import VolumeModel

/// Settings, their secrets, and everything that is read out of their fields.
@Sendable func checkSettings(_ bytes: [UInt8]) throws(BrokenPromise) {
    guard let settings = accepted({ () throws(CodecError) in try VolumeSettings(decoding: bytes) }) else {
        return
    }
    _ = accepted { () throws(CryptoError) in try settings.opened() }
    _ = accepted { () throws(CodecError) in try settings.blockLayout() }.map {
        $0.blockCount(ofSliceSize: .max)
    }
    try promise(settings.trashSeconds >= 0, "the trash keeps \(settings.trashSeconds) seconds")
    _ = settings.incompatibility
    _ = settings.withoutSecrets.encoded
    _ = VolumeSettings.isValidName(settings.name)
    _ = EncryptionAlgorithm(settingsName: settings.encryptAlgorithm)
    _ = Compression(named: settings.compression)
    // Written once, an empty word becomes the default that it means; from then on nothing may change.
    let first = try certain("settings") { () throws(CodecError) in
        try VolumeSettings(decoding: settings.encoded)
    }
    let second = try certain("settings") { () throws(CodecError) in
        try VolumeSettings(decoding: first.encoded)
    }
    try promise(first == second, "settings change when they are written and read again")
    var named = settings
    (named.encryptAlgorithm, named.compression) = (first.encryptAlgorithm, first.compression)
    try promise(named == first, "settings lose something when they are written")
}

/// Any JSON document.
@Sendable func checkJSON(_ bytes: [UInt8]) throws(BrokenPromise) {
    guard let value = accepted({ () throws(CodecError) in try JSONValue.parse(bytes) }) else { return }
    for text in [
        value.compact, value.line, value.compactEscapingHTML, value.pretty(indent: 0, escapesHTML: true),
        value.pretty(indent: 2),
    ] {
        let again = try certain("JSON") { () throws(CodecError) in try JSONValue.parse(text) }
        try promise(again == value, "JSON changes when it is written and read again")
    }
    try promise(!value.line.utf8.contains(UInt8(ascii: "\n")), "a line of JSON holds a line end")
    try checkNumbers(in: value)
}

private func checkNumbers(in value: JSONValue) throws(BrokenPromise) {
    switch value {
    case .array(let elements): for element in elements { try checkNumbers(in: element) }
    case .object(let object): for field in object.fields { try checkNumbers(in: field.value) }
    case .number:
        _ = value.int64Value
        _ = value.uint64Value
        guard let number = value.doubleValue else { return }
        let again = try certain("a number") { () throws(CodecError) in
            try JSONValue.parse(JSONValue(number).compact)
        }
        try promise(again.doubleValue == number, "a floating-point number changes when it is written")
    case .null, .bool, .string: break
    }
}

/// A line of a plan of gc, or of sync.
@Sendable func checkPlan(_ bytes: [UInt8]) throws(BrokenPromise) {
    guard let value = accepted({ () throws(CodecError) in try JSONValue.parse(bytes) }) else { return }
    if let step = accepted({ () throws(CodecError) in try SyncStep(json: value) }) {
        let line = try reread(step.json)
        let again = try certain("a step of sync") { () throws(CodecError) in try SyncStep(json: line) }
        try promise(again == step, "a step of sync changes when it is written and read again")
    }
    guard let object = value.objectValue,
        let step = accepted({ () throws(CodecError) in try GarbageStep(object) })
    else { return }
    guard let line = try reread(.object(step.json)).objectValue else {
        throw BrokenPromise(description: "a step of gc is no object")
    }
    let again = try certain("a step of gc") { () throws(CodecError) in try GarbageStep(line) }
    try promise(again == step, "a step of gc changes when it is written and read again")
}

/// The value as a line of a file gives it back.
private func reread(_ value: JSONValue) throws(BrokenPromise) -> JSONValue {
    try certain("a line") { () throws(CodecError) in try JSONValue.parse(value.line) }
}
