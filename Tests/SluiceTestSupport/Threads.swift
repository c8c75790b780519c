// SPDX-License-Identifier: Apache-2.0

import SluiceBase

/// Runs the body on that many threads of its own, handing each its number, and returns when all are done.
package func runThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) throws {
    let threads = try (0..<count).map { number in
        try WorkerThread(name: "test-\(number)") { body(number) }
    }
    for thread in threads { thread.join() }
}
