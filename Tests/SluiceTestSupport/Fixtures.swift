// SPDX-License-Identifier: Apache-2.0

import Glibc
package import SluiceBase

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

/// What a mount of a fixture's volume shows, by path; the one name that is no Unicode is `raw` there.
package func expectedPaths(of volume: String) throws -> JSONValue {
    var text = try fixture("metadata/\(volume).expected.json")
    let raw = Array("raw-\\udcff\\udcfe-bytes".utf8)
    guard let start = (0..<text.count - raw.count).first(where: { text[$0...].starts(with: raw) }) else {
        throw MissingFixture(name: volume)
    }
    text.replaceSubrange(start..<start + raw.count, with: Array("raw".utf8))
    return try JSONValue.parse(text)
}
