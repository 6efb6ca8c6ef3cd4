#include "CDetectors.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

// Made by: stylegan detector train --data fashion-mnist --test fashion-mnist-test --epochs 4 --out fashion.safetensors
static const _Alignas(8) unsigned char fashion[] = {
#embed "fashion.safetensors"
};

const void *cd_fashion(void) { return fashion; }

size_t cd_fashion_size(void) { return sizeof fashion; }
