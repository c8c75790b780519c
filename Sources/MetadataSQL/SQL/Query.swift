// SPDX-License-Identifier: Apache-2.0
// The statements of the record layer, each written once for all SQL engines. `?` is a parameter, `{node}` the
// table of that name, `{{append}}` a fragment that dialects spell differently.

import Synchronization

/// A statement's text and its place in the caches of connections.
final class Query: Sendable {
    /// Counts from 0 without gaps.
    let id: Int
    /// A verb phrase for errors: "read a node".
    let operation: String
    /// The text before `Dialect.render`.
    let text: String

    private static let nextID = Atomic<Int>(0)

    init(_ operation: String, _ text: String) {
        id = Self.nextID.add(1, ordering: .relaxed).oldValue
        self.operation = operation
        self.text = text
    }
}
