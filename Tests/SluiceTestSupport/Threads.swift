// SPDX-License-Identifier: Apache-2.0

import Glibc

private final class ThreadBody {
    let run: () -> Void

    init(_ run: @escaping () -> Void) {
        self.run = run
    }
}

/// Runs the body on that many threads of its own, handing each its number, and returns when all are done.
package func runThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    var threads: [pthread_t] = []
    for number in 0..<count {
        var thread = pthread_t()
        let context = unsafe Unmanaged.passRetained(ThreadBody { body(number) }).toOpaque()
        let status = unsafe pthread_create(&thread, nil, { context in
            guard let context = unsafe context else { return nil }
            unsafe Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue().run()
            return nil
        }, context)
        precondition(status == 0, "the system has room for a few threads")
        threads.append(thread)
    }
    for thread in threads { unsafe pthread_join(thread, nil) }
}
