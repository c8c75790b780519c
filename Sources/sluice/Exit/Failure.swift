// SPDX-License-Identifier: Apache-2.0
// Every error of the layers below becomes one sentence, maybe a hint, and an exit code here, and nowhere
// else.

import BlockStore
import Maintenance
import Metadata
import ObjectStorage
import SluiceBase
import VolumeModel

/// An error as it is shown.
struct Failure: Error {
    var sentence: String
    var hint: String?
    var status: ExitStatus

    init(_ sentence: String, hint: String? = nil, status: ExitStatus = .failed) {
        self.sentence = sentence
        self.hint = hint
        self.status = status
    }

    /// What went wrong, in words for the person at the terminal.
    init(_ error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case let error as EngineError: self.init(engine: error)
        case let error as StorageError: self.init(storage: error)
        case let error as BlockError: self.init(block: error)
        case let error as MaintenanceError: self.init(maintenance: error)
        case is CancelledError:
            self.init(
                "interrupted; what is done stays done, repeat the command to go on",
                status: .interrupted
            )
        case let error as UnitError: self.init(error.description, status: .usage)
        case let error as CryptoError: self.init(crypto: error)
        case let error as VolumeError: self.init(error.description, status: .failed)
        case let error as any CustomStringConvertible: self.init(error.description)
        default: self.init("\(error)")
        }
    }
}

extension Failure {
    private init(engine error: EngineError) {
        let isRedis = ["redis://", "rediss://", "unix://"].contains { error.address.hasPrefix($0) }
        let (hint, status): (String?, ExitStatus) =
            switch error.code {
            case .missing: ("check the address; only 'sluice format' creates an SQLite database", .notAVolume)
            case .notAVolume: ("check the address, or make a volume with 'sluice format'", .notAVolume)
            case .incompatible: ("use a client of the version that the volume asks for", .incompatible)
            case .denied: ("check the user, the password and the permissions", .denied)
            case .unreachable: ("check that the server runs and the address is right", .unreachable)
            case .starting: ("the server is loading its data; try again when it is done", .unreachable)
            case .busy, .conflict: ("another client holds the database; try again later", .inUse)
            case .readOnly:
                (
                    isRedis
                        ? "the server is a replica; use the address of its master or of the Sentinels"
                        : "the database is not writable for this user",
                    .failed
                )
            case .noSpace:
                (
                    isRedis
                        ? "give the server more memory (maxmemory), or free some"
                        : "free space on the engine's disk",
                    .failed
                )
            case .corrupt: ("run 'sluice fsck' on the volume", .failed)
            case .invalidAddress: (Wiring.addressHint, .usage)
            case .exists, .vanished, .overflow, .unstorable, .failed: (nil, .failed)
            }
        self.init(error.description, hint: hint, status: status)
    }

    private init(storage error: StorageError) {
        let (hint, status): (String?, ExitStatus) =
            switch error.code {
            case .denied: ("check the keys and permissions of the object storage", .denied)
            case .unreachable, .timedOut: ("check that the object storage can be reached", .unreachable)
            case .undecipherable: ("set JFS_RSA_PASSPHRASE to the passphrase of the volume's key", .denied)
            case .noSpace: ("free space in the object storage", .failed)
            case .notFound, .exists, .unsupported, .invalidKey, .tooLarge, .corrupt, .cancelled, .failed:
                (nil, .failed)
            }
        self.init(error.description, hint: hint, status: status)
    }

    /// The hint and the code are those of the storage below, where it was the storage.
    private init(block error: BlockError) {
        guard let underlying = error.underlying else {
            self.init(error.description, hint: error.code == .settings ? "see 'sluice config'" : nil)
            return
        }
        self.init(storage: underlying)
        sentence = error.description
    }

    private init(maintenance error: MaintenanceError) {
        let status: ExitStatus =
            switch error.code {
            case .inUse: .inUse
            case .incompatible: .incompatible
            case .refused, .mismatch, .incomplete, .failed: .failed
            case .cancelled: .interrupted
            }
        self.init(error.description, hint: error.hint, status: status)
    }

    private init(crypto error: CryptoError) {
        switch error.code {
        case .needsPassphrase:
            self.init(
                error.description,
                hint: "set JFS_RSA_PASSPHRASE to the key's passphrase",
                status: .denied
            )
        case .wrongPassphrase:
            self.init(error.description, hint: "check JFS_RSA_PASSPHRASE", status: .denied)
        default:
            self.init(error.description)
        }
    }
}
