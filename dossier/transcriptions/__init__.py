"""Human transcriptions 人工校录: what people read on a page, beside what the program read, never over it."""
