// SPDX-License-Identifier: Apache-2.0

import SluiceBase
import Testing

/// Runs `body` with the path of a fresh directory that is removed afterwards, whatever happens.
func withTemporaryDirectory(_ body: (ByteString) throws -> Void) throws {
    let path = try Posix.makeTemporaryDirectory(prefix: "sluice-base-")
    defer {
        #expect(throws: Never.self) { try Posix.removeTree(path) }
    }
    try body(path)
}
