autocmd BufNewFile,BufRead *.twz setfiletype twz
autocmd BufNewFile,BufRead * if getline(1) =~# '^#!.*\<twz\>' | setfiletype twz | endif
