// SPDX-License-Identifier: Apache-2.0
#include "clinux.h"
#include <pthread.h>

// Hidden: the library must not find these functions in the place of its own.
#pragma GCC visibility push(hidden)
#include "clibpq.h"

// What of the library is used: result, name, parameters, arguments.
#define FUNCTIONS(F)                                                                                        \
    F(PGconn *, PQconnectStartParams,                                                                       \
      (const char *const *keys, const char *const *values, int expands), (keys, values, expands))           \
    F(PostgresPollingStatusType, PQconnectPoll, (PGconn * connection), (connection))                        \
    F(PQconninfoOption *, PQconninfoParse, (const char *text, char **message), (text, message))             \
    F(void, PQconninfoFree, (PQconninfoOption * options), (options))                                        \
    F(void, PQfinish, (PGconn * connection), (connection))                                                  \
    F(void, PQfreemem, (void *memory), (memory))                                                            \
    F(ConnStatusType, PQstatus, (const PGconn *connection), (connection))                                   \
    F(int, PQserverVersion, (const PGconn *connection), (connection))                                       \
    F(int, PQsocket, (const PGconn *connection), (connection))                                              \
    F(int, PQconnectionNeedsPassword, (const PGconn *connection), (connection))                             \
    F(char *, PQerrorMessage, (const PGconn *connection), (connection))                                     \
    F(PGVerbosity, PQsetErrorVerbosity, (PGconn * connection, PGVerbosity verbosity),                       \
      (connection, verbosity))                                                                              \
    F(PQnoticeReceiver, PQsetNoticeReceiver,                                                                \
      (PGconn * connection, PQnoticeReceiver receiver, void *argument), (connection, receiver, argument))   \
    F(int, PQenterPipelineMode, (PGconn * connection), (connection))                                        \
    F(int, PQpipelineSync, (PGconn * connection), (connection))                                             \
    F(int, PQsendPrepare,                                                                                   \
      (PGconn * connection, const char *name, const char *text, int count, const Oid *types),               \
      (connection, name, text, count, types))                                                               \
    F(int, PQsendQueryPrepared,                                                                             \
      (PGconn * connection, const char *name, int count, const char *const *values, const int *lengths,     \
       const int *formats, int resultFormat),                                                               \
      (connection, name, count, values, lengths, formats, resultFormat))                                    \
    F(int, PQsendQueryParams,                                                                               \
      (PGconn * connection, const char *text, int count, const Oid *types, const char *const *values,       \
       const int *lengths, const int *formats, int resultFormat),                                           \
      (connection, text, count, types, values, lengths, formats, resultFormat))                             \
    F(PGresult *, PQgetResult, (PGconn * connection), (connection))                                         \
    F(ExecStatusType, PQresultStatus, (const PGresult *result), (result))                                   \
    F(char *, PQresultErrorField, (const PGresult *result, int code), (result, code))                       \
    F(size_t, PQresultMemorySize, (const PGresult *result), (result))                                       \
    F(char *, PQcmdStatus, (PGresult * result), (result))                                                   \
    F(char *, PQcmdTuples, (PGresult * result), (result))                                                   \
    F(int, PQntuples, (const PGresult *result), (result))                                                   \
    F(char *, PQfname, (const PGresult *result, int column), (result, column))                              \
    F(Oid, PQftype, (const PGresult *result, int column), (result, column))                                 \
    F(int, PQgetisnull, (const PGresult *result, int row, int column), (result, row, column))               \
    F(int, PQgetlength, (const PGresult *result, int row, int column), (result, row, column))               \
    F(char *, PQgetvalue, (const PGresult *result, int row, int column), (result, row, column))             \
    F(void, PQclear, (PGresult * result), (result))

static struct {
#define MEMBER(result, name, parameters, arguments) result(*name) parameters;
    FUNCTIONS(MEMBER)
} library;

static const char *const names[] = {
#define NAME(result, name, parameters, arguments) #name,
    FUNCTIONS(NAME)
};
_Static_assert(sizeof names == sizeof library, "one name for each function");

static const char *missing;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
    missing = clinux_load_library("libpq.so.5", names, sizeof names / sizeof *names, &library);
}

const char *clibpq_load(void) {
    pthread_once(&once, load);
    return missing;
}

#define CALL(result, name, parameters, arguments) \
    result name parameters { return library.name arguments; }
FUNCTIONS(CALL)
