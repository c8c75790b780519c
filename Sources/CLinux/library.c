// SPDX-License-Identifier: Apache-2.0
#include "clinux.h"

#include <dlfcn.h>
#include <string.h>

const char *clinux_load_library(const char *file, const char *const *names, size_t count, void *functions) {
    void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) return file;
    for (size_t index = 0; index < count; index++) {
        void *found = dlsym(library, names[index]);
        if (found == NULL) return names[index];
        memcpy((char *)functions + index * sizeof found, &found, sizeof found);
    }
    return NULL;
}
