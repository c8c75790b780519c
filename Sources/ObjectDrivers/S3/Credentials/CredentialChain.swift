// SPDX-License-Identifier: Apache-2.0
// The order in which AWS's own clients look for keys: environment, web identity, shared files, container,
// instance. The first source that has some is kept.

import ObjectStorage
import SluiceBase
import Synchronization

/// Asks sources one after another and remembers what it got until shortly before it ends.
final class CredentialChain: Sendable {
    private struct State {
        var known: S3Credentials?
        var isAsked = false
    }

    private let sources: [any CredentialSource]
    private let clock: any TimeSource
    private let state = Mutex(State())
    /// Seconds before their end at which keys are replaced.
    private static let reserve: Int64 = 300

    init(_ sources: [any CredentialSource], clock: any TimeSource = SystemClock()) {
        self.sources = sources
        self.clock = clock
    }

    /// The keys to sign with, nil to send unsigned requests.
    ///
    /// Several threads may ask a source at the same time; that does no harm.
    func current() throws(StorageError) -> S3Credentials? {
        let now = clock.now()
        let (known, isAsked) = state.withLock { ($0.known, $0.isAsked) }
        let isFresh = known?.expires.map { now.advanced(bySeconds: Self.reserve) < $0 } ?? true
        if isAsked, isFresh { return known }
        for source in sources {
            guard let found = try source.credentials() else { continue }
            state.withLock { $0 = State(known: found, isAsked: true) }
            return found
        }
        state.withLock { $0 = State(known: nil, isAsked: true) }
        return nil
    }

    /// Forgets keys that the store called expired.
    /// - Returns: whether other ones may be had.
    func renew() -> Bool {
        state.withLock { state in
            let mayChange = state.known?.expires != nil
            state.isAsked = false
            return mayChange
        }
    }
}
