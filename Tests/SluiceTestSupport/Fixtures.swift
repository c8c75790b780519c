// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A fixture that cannot be read.
package struct MissingFixture: Error {
    package let name: String
}

/// The bytes of a file under Tests/Fixtures.
package func fixture(_ name: String) throws -> [UInt8] {
    // This file is Tests/SluiceTestSupport/Fixtures.swift.
    let tests = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(2).joined(
        separator: "/"
    )
    let descriptor = unsafe open("\(tests)/Fixtures/\(name)", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw MissingFixture(name: name) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
        guard count >= 0 else { throw MissingFixture(name: name) }
        guard count > 0 else { return bytes }
        bytes += buffer[..<count]
    }
}
