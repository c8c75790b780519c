// SPDX-License-Identifier: Apache-2.0

package import Metadata

/// A stream of bytes to a server and back.
///
/// Belongs to one thread at a time. A call that lasts longer than the socket's limit fails.
package protocol RedisSocket: AnyObject {
    /// Sends all bytes.
    /// - Throws: `EngineError.unreachable`; some bytes may have been sent then.
    func write(_ bytes: [UInt8]) throws(EngineError)

    /// Receives what is there, at least one byte unless the server closed the connection.
    /// - Returns: the number of bytes received; 0 at the end.
    /// - Throws: `EngineError.unreachable`.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(EngineError) -> Int

    /// Whether the connection stands and nothing has arrived that nobody asked for; asked between requests.
    ///
    /// A server that closed the connection meanwhile shows here, before a request is lost to it.
    var isQuiet: Bool { get }

    func close()
}
