// SPDX-License-Identifier: Apache-2.0
// What a transaction knows of a key: what it read, and what it is going to write over that.

/// A string.
struct StringState {
    /// What a reader sees; nil when nothing is known yet, `.some(nil)` when the key is not there.
    var value: [UInt8]??
    /// What the server held, when it was read.
    var original: [UInt8]??
    /// Whether `value` is to be written.
    var isChanged = false
    /// Whether the transaction has it on the list of what it writes.
    var isListed = false
    /// To be added to whatever the server holds.
    var increment: Int64 = 0
}

/// A hash, a set, or a sorted set.
struct MappingState {
    /// What a reader sees, by name; nil means that there is no such field.
    var fields: [[UInt8]: [UInt8]?] = [:]
    /// What the server held of fields that were read one by one.
    var original: [[UInt8]: [UInt8]?] = [:]
    /// To be added to fields that were not read.
    var increments: [[UInt8]: Int64] = [:]
    /// Whether `fields` holds everything there is.
    var isComplete = false
    /// Number of fields that the server holds, when it was asked for.
    var storedCount: [UInt8]?
    /// Names whose fields are there, in byte order, kept between pages of a listing.
    var sortedNames: [[UInt8]]?
    var isChanged = false

    /// Takes in what the server holds of a field.
    mutating func learn(_ name: [UInt8], _ stored: [UInt8]?, isOriginal: Bool) {
        if isOriginal, original[name] == nil { original[name] = .some(stored) }
        guard fields[name] == nil else { return }
        guard let increment = increments.removeValue(forKey: name) else {
            fields[name] = .some(stored)
            return
        }
        // A sum out of range fails on the server; the commit tells.
        let base = stored.flatMap { Int64(decimal: $0) } ?? 0
        fields[name] = [UInt8](decimal: base &+ increment)
    }

    mutating func set(_ name: [UInt8], to value: [UInt8]?) {
        fields[name] = .some(value)
        increments[name] = nil
        isChanged = true
        sortedNames = nil
    }
}

/// A list.
struct ListState {
    /// What a reader sees; nil when nothing is known yet.
    var items: [[UInt8]]?
    /// To be appended to a list that was not read.
    var appended: [[UInt8]] = []

    /// Takes in what the server holds.
    mutating func learn(_ stored: [[UInt8]]) {
        guard items == nil else { return }
        items = stored + appended
        appended = []
    }
}
