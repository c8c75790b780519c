// SPDX-License-Identifier: Apache-2.0
// An ordered JSON object: fields stay where they were read, so that a rewritten document differs only where
// it was changed. Names are compared by their bytes: Swift's String would take two spellings of an accent
// for one name.

/// The fields of a JSON object in their order, each name once.
package struct JSONObject: Hashable, Sendable {
    /// One name with its value.
    package struct Field: Hashable, Sendable {
        package let key: String
        package var value: JSONValue
    }

    /// All fields in the order of the document.
    package private(set) var fields: [Field] = []

    /// Positions by name, kept only for objects that are too long to be searched.
    private var positions: [ByteString: Int] = [:]
    private static let longestSearched = 16

    /// An object without fields.
    package init() {}

    /// An object of the given fields; of a repeated name the last value counts.
    package init(_ fields: [(String, JSONValue)]) {
        for (key, value) in fields { self[key] = value }
    }

    /// The number of fields.
    package var count: Int { fields.count }

    /// Whether there is no field.
    package var isEmpty: Bool { fields.isEmpty }

    /// The value of a name, nil when there is none; setting keeps the position of a known name, appends a
    /// new one and removes the field when set to nil.
    package subscript(key: String) -> JSONValue? {
        get {
            position(of: key).map { fields[$0].value }
        }
        set {
            switch (position(of: key), newValue) {
            case (let position?, let value?):
                fields[position].value = value
            case (nil, let value?):
                append(Field(key: key, value: value))
            case (let position?, nil):
                fields.remove(at: position)
                rebuildPositions()
            case (nil, nil):
                break
            }
        }
    }

    package static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.fields == right.fields
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(fields)
    }

    private func position(of key: String) -> Int? {
        if fields.count > Self.longestSearched { return positions[ByteString(key)] }
        return fields.firstIndex { $0.key.utf8.elementsEqual(key.utf8) }
    }

    private mutating func append(_ field: Field) {
        fields.append(field)
        if fields.count == Self.longestSearched + 1 {
            rebuildPositions()
        } else if fields.count > Self.longestSearched {
            positions[ByteString(field.key)] = fields.count - 1
        }
    }

    private mutating func rebuildPositions() {
        positions.removeAll()
        guard fields.count > Self.longestSearched else { return }
        for (position, field) in fields.enumerated() { positions[ByteString(field.key)] = position }
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self.init(elements)
    }
}
