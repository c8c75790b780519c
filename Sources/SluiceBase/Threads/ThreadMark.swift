// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A flag that each thread has for itself; asking costs no lock.
@safe package final class ThreadMark: Sendable {
    private let key: pthread_key_t

    /// The flag is not set on any thread yet.
    package init() {
        var key = pthread_key_t()
        let code = unsafe pthread_key_create(&key, nil)
        precondition(code == 0, "a process has 1024 thread keys, we use a few")
        self.key = key
    }

    deinit {
        pthread_key_delete(key)
    }

    /// Whether the flag is set on the calling thread.
    package var isSet: Bool {
        get { unsafe pthread_getspecific(key) != nil }
        set { unsafe pthread_setspecific(key, newValue ? UnsafeRawPointer(bitPattern: 1) : nil) }
    }
}
