// SPDX-License-Identifier: Apache-2.0

import ObjectStorage
import SluiceBase
import Synchronization

/// Sessions of one server; the one given back last is lent first.
final class SFTPPool: Sendable {
    private static let kept = 32
    private let location: SFTPLocation
    private let login: SFTPLogin
    private let watch: SFTPWatch
    private let idle = Mutex<[SFTPSession]>([])

    init(_ location: SFTPLocation, _ login: SFTPLogin, _ watch: SFTPWatch) {
        self.location = location
        self.login = login
        self.watch = watch
    }

    /// Runs `body` with a session that nobody else uses.
    func withSession<Result>(
        _ body: (SFTPSession) throws(StorageError) -> Result
    ) throws(StorageError) -> Result {
        do throws(StorageError) {
            let session = if let idle = takeIdle() { idle } else { try SFTPSession(location, login, watch) }
            session.pulse.beat()
            defer { giveBack(session) }
            return try body(session)
        } catch {
            guard watch.isCancelled, error.code == .unreachable else { throw error }
            throw StorageError(.cancelled, error.operation, key: error.key, address: error.address)
        }
    }

    /// A session whose connection stands, as far as this side can see.
    private func takeIdle() -> SFTPSession? {
        while let session = idle.withLock({ $0.popLast() }) {
            if session.isConnected { return session }
        }
        return nil
    }

    private func giveBack(_ session: SFTPSession) {
        session.pulse.rest()
        guard session.isConnected else { return }
        idle.withLock { if $0.count < Self.kept { $0.append(session) } }
    }
}
