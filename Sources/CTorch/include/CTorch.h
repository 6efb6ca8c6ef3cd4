#pragma once
#ifdef __cplusplus
extern "C" {
#endif
int ct_probe(void);
#ifdef __cplusplus
}
#endif
