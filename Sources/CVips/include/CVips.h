#pragma once
int cv_probe(void);
