// SPDX-License-Identifier: Apache-2.0

package import SluiceBase

extension ThreadMark {
    /// Runs an engine's transaction when the calling thread has none of that engine yet: a second one would
    /// wait for the first, or not see what it did.
    /// - Parameters:
    ///   - operation: a verb phrase for the error.
    ///   - address: of the engine, without secrets.
    /// - Throws: `EngineError.failed` inside another transaction, and what `body` throws.
    package func alone<Result>(
        _ operation: String,
        on address: String,
        _ body: () throws -> Result,
    ) throws -> Result {
        guard !isSet else {
            throw EngineError(
                .failed,
                operation,
                address: address,
                reason: "this thread is inside another transaction, which must end first"
            )
        }
        isSet = true
        defer { isSet = false }
        return try body()
    }
}
