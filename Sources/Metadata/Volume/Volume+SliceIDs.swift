// SPDX-License-Identifier: Apache-2.0

extension Volume {
    /// Takes ids for new slices whose blocks are stored before a transaction names them.
    ///
    /// Ids that are not used in the end are lost, because objects with their names may exist.
    package func takeSliceIDs(_ count: Int) throws -> [UInt64] {
        try sliceIDs.take(count, of: self)
    }
}
