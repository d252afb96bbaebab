/*
 * Gives a fuzz target the files that it is called with; without any, all of its
 * own corpus. It fails when there are none.
 */
#include "check.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void replay(const char *path)
{
    enum { MAX_SIZE = 1 << 16 };
    static uint8_t buffer[MAX_SIZE];
    FILE *file = fopen(path, "rb");
    check_row(path);
    if (!CHECK(file != NULL))
        return;
    size_t size = fread(buffer, 1, MAX_SIZE, file);
    CHECK(size < MAX_SIZE);
    fclose(file);
    /* Its last byte is the last of an allocation. */
    uint8_t *copy = malloc(size > 0 ? size : 1);
    memcpy(copy, buffer, size);
    CHECK_INT(LLVMFuzzerTestOneInput(copy, size), 0);
    free(copy);
}

/* build/native/fuzz/form, build/wasi/fuzz/form.wasm: corpus/form */
static void replay_corpus(const char *program)
{
    const char *name = strrchr(program, '/');
    char folder[128], path[384];
    name = name == NULL ? program : name + 1;
    snprintf(folder, sizeof folder, "tests/fuzz/corpus/%.*s", (int)strcspn(name, "."), name);
    DIR *listing = opendir(folder);
    check_row(folder);
    if (!CHECK(listing != NULL))
        return;
    for (struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing)) {
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.')
            replay(path);
    }
    closedir(listing);
}

int main(int count, char **arguments)
{
    for (int i = 1; i < count; i++)
        replay(arguments[i]);
    if (count == 1)
        replay_corpus(arguments[0]);
    return check_run(arguments[0]);
}
