"""The small words that a language can't do without, by language: the table that ``language`` counts with.

English, Spanish and Portuguese are read; the others are here only to be told from them. Written by hand, folded when
loaded, so accents may be written or left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cache

from bot.moderation.text import fold

READ = ("en", "es", "pt")
"""The languages that the lists cover."""

_TEXT = """
en the and to of a in is it you that for on are with as this be was have not at or from by they we but what all
en can your so if about will just like do no my me i he she his her him them their our us who how when why get
en out up has had would should could more there an been than then here now any some only these those because dont
en its im were am did go one thank thanks please where which even every too also never much many into over after
en before again being does doing don didnt doesnt isnt wont cant youre theyre thats lets need needs make still
en back down off well very people good same other each until while through way want know think say see stop keep
en take let really theres whats ive ill id got going let lol u ur yall new call first year years time day
en may might must shall yes ok okay own both few such per vs than else man men war ban sun use used using put yet lot
en big bad old hat hut hot kid kids dad mom mum die dies win wins log set ask asked act add ago air all also among
en another any area art ate bar bed bet bike bill bin boy bus car case child city cop cut deal done door each eat end
en ever fan far fat fee fix food free full fun game gas gay girl give gun half hand hard hear help hey home house
en job just last late law left less life line live local long look lost love mad main map mean met mind miss money
en month most move much nan nay near next nice night none nor note off oil once open own paid park part pay pet plan
en play police poor post pro public rain read real red rent rest ride right road run sad safe said sale same school
en sea sent show shut sick side sign sit six size son soon sorry start state story street street such sure tax ten
en tell told top town toy trash tree true try two under van via vote wait walk wall want war warm was water week went
en west wet white whole wife will win wind wish within word work world worse wow write wrong yard yeah yo young hm
es de la que el en y los del se las por un para con no una su al lo como mas pero sus le ya o este si porque esta
es entre cuando muy sin sobre tambien me hasta hay donde quien desde todo nos todos uno les ni ese eso mi tu te
es es son era soy eres ser esto estos estas yo fue tiene hace aqui nada asi gracias usted ustedes nosotros ellos
es ella que como asi vamos pueden tengo tienes tenemos tienen voy vas va van puede puedo quiero quieres hacer ver
es estoy estan estamos he has ha han habia sea algo alguien nadie nunca siempre ahora hoy bien mal mejor peor otro
es otra otros mucho mucha muchos poco tan tanto cada solo aunque pues entonces mis tus ti el ella nuestra nuestro
es nuestros favor buenos dias senor gente años año vez casa dia toda todas esa esos cual jaja jajaja q xq pq
es ahi alla anda ante antes aun bajo bien buen buena bueno calle carro casi cerca cinco ciudad claro como contra cosa
es cosas creo cual cuatro cuenta dar debe deben debo decir dejar del delante despues detras dice dicen dijo dinero
es donde dos durante echar encima esos estado falta fin fuera gran grande gracia habla hacen hacer hago hasta haya
es hijo hijos hombre igual ir jamas junto lado largo leer lejos luego lugar luz mano manos medio mejor menos mes
es mientras mil mira mismo misma mujer mundo nadie ni ningun noche nueva nuevo o obra ojala ok oye pais para parte pasa
es pasado paso pero persona personas poner primera primero pronto propio pueblo punto puse que quien saber sabe sabes
es sale salir segun ser sera seria sigue sin sino soy sube tal tarde tener tengan tres unas unos usar verdad vida viene
es vino vivir vuelve
pt de a o que e do da em um para com nao uma os no se na por mais as dos como mas ao ele das tem seu sua ou
pt quando muito nos ja eu tambem so pelo pela ate isso ela entre depois sem mesmo aos ter seus quem nas me esse
pt eles voce essa num nem suas meu minha tudo sao foi ser esta obrigado obrigada vcs voces pra pro ta aqui porque
pt hj ne tbm cara mano gente dia bom sim posso tava to vai amanha alguem demais linda lindo ai mulher kkk kkkk
pt agora vou tenho temos fazer ver esses essas este isto era estou estava estao tinha ainda sempre nunca nada hoje
pt bem mal melhor pior outro outra muita muitos pouco cada todo toda todos todas nosso nossa qual onde entao vc q
pt pq c n eh ah oi la aquele aquela desse dessa nesse nessa deste desta quero quer pode podem sei acho ficar dar
pt acima adoro agua alem algo algum alguma alguns antes apenas aquilo ate bairro bem boa boas cada caso casa certo
pt cidade cima coisa coisas com comigo conta contra crianca dado debaixo deve devem dele dela deles depois dinheiro diz
pt dois dor duas durante embora entao era eram escola existe fala falta faz fazem fica ficou filho filha fim fora gente
pt gosto grande hora homem igual ir jamais junto la lado lei longe lugar mae mais maior mal me mes mesma meus minhas
pt muitas mundo nada ninguem noite nos nova novo obra olha ontem os ou pai pais parte passa perto pessoa pessoas pois
pt ponto porem porra pouca pouco povo praca prefeitura primeira primeiro qualquer quanto quase querem rua saber sabe
pt sair se segue seja senhor ser sera seria serio sobre sou tal tarde te tempo tenha tinham tres uma umas uns usar
pt velho vem ver verdade vez vezes vida vir viu viver volta hoje rt mt crl barato ces dps tb
fr le les des est et une dans pour pas que qui sur avec ce vous nous je ne sont au aux du mais plus cette ces il
fr elle ils elles on un son sa ses leur leurs mon ma mes ton tes votre vos notre nos quand ou comme tout tous
fr toute trop tres bien fait faire avez avons ont etait etre depuis pendant pourquoi parce chez sans sous entre
fr ici aussi encore jamais rien peut merci beaucoup bonjour c'est j'ai n'est qu'il ca si de la en y se me te
ht mwen nou yo pou nan ki pa se ak gen sa li ap te ou gwo men tout yon fe pral anpil lavil la a an pi epi kote
ht kile poukisa kijan eske kounye janm deja anvan sou fok dwe bezwen konnen moun timoun lekol lari chak maten mesi
ht tanpri souple lakay peyi paske si jwenn devan dan bagay ansanm avek oswa kapab vle di m n w l anko toujou
it il di che non per una sono della con del gli alla piu anche questo come ho nel dei delle ma e la le lo i un
it ci si mi ti vi ne hai ha abbiamo hanno siete siamo era essere fare fatto quando dove chi cosa perche qui
it molto troppo sempre mai niente nostro nostri nostra vostro mio mia tuo suo questa questi quella quello da dal
it dalla al ai su sul sulla tra fra ogni tutti tutte tutto ancora gia ora oggi ieri grazie se o dopo prima
it qualcuno nessuno bisogna davanti nei nelle dalle dagli negli stato stata cosi pero invece proprio anni gente citta
it loro noi voi lui lei quanto quanti poi senza contro verso tutte quali quale sta stanno vuole vogliono devono deve
it potete puo possono
pl nie sie na jest to ze jak ale za co od przez czy tak dla jego juz tylko przy jestem prosze do po w z i o u
pl a sa ktory ktora ktore ktorzy tego tej ten ta te nas nam wam was mnie mi mu ich jej moj moja moje nasz nasze
pl wasz kiedy dlaczego gdzie kto ktos nikt nigdy zawsze bardzo wiecej trzeba moze byc byl byla bylo bedzie maja ma
pl mam masz macie dzis jutro wczoraj tu tam sobie pod nad przed we wszyscy dziekuje zeby bo jesli albo lub
de der die das und ist nicht ich sie mit ein eine auf den von zu fur es im auch dem wir aber des am an als wie
de nur noch nach bei aus wenn dass sind war hat haben wird werden kann man uns unser unsere euch ihr ihre mein
de meine dein kein keine so sehr mehr schon immer nie hier da wo wer was warum wann seit vor uber durch um zum
de zur oder doch mal vielen danke bitte alle alles jeder jeden diese dieser dieses einen einem einer du er ihn
de mir mich dir dich gegen ohne muss soll sollte wurde gibt macht
nl de het een en van ik te dat die in niet zijn is was op aan met als voor er maar om hem dan zou of wat mijn
nl haar naar heb heeft hebben ook deze dit door over bij nog wij jullie onze ons kan geen wel uit veel meer
nl waarom wanneer waar wie altijd nooit hier daar moet worden wordt dank graag zo je hun
vi la va cua khong co cho nguoi duoc nhung trong mot cac voi toi ban rat nay da den o de thi se bi nhu khi nao
vi chung ta ho ai tai sao vi sau truoc tren duong them qua con em anh chi ong ba may tao cung roi chua hay gi day
vi ra vao lam viec neu ma ve tu con cam on hon nen xin phai dang moi nhieu tat ca
sq dhe ne te per me nuk eshte nje qe nga jane ka si por i e u ta do po pse kush ku kur cdo shume mund duhet kam
sq ke kemi keni kane jam je jemi jeni ishte tani sot kjo ky keto keta ate ata ato tij saj tone tona tuaj tuaja ime
sq im mua ty ne ju para pas prej deri mbi nen gjithe asgje askush asnje edhe ose se nese kete faleminderit
tl ang ng sa na mga ay hindi ko mo ka siya po naman lang ito at ba ako kami tayo sila kayo niya nila namin natin
tl ninyo nito iyan yan dito diyan doon kung kapag pag para mula nang noong may mayroon wala walang dapat kailangan
tl bakit sino saan ano kailan paano lahat mas masyadong kasi pero din rin pa muna aking ating iyong salamat si ni
tl kay ninyong tungkol dahil isang
so waa oo ka ku iyo in ma u ay ayaa ah aan la soo loo kale aad waxaa waxay wuxuu waxaan si uu kasta haddii
so kara badan hadda laakiin maxaa yaa halkan halka wax waxba qof dadka baa baan buu bay isku lagu laga looga noo
so ii idiin kuu wada sida markii mar dambe hor dib tahay yahay yihiin tihiin jira jiraa ahayn mahadsanid inuu
so inay inaan ee oo uga ugu dhowr
so doontaa doonaa karo karaa karto ahaa lahaa leeyahay hal laba saddex afar shan maanta xalay berri shalay guri
so magaalada degmada adeeg fadlan mise balse sidoo sababta goorma sidee hortiisa aniga adiga innaga annaga isaga iyaga
sw ya wa na ni kwa la za katika hii hiyo huu hilo hili haya hizi hawa ile yake yangu yako yetu yenu yao wetu wenu
sw wangu wake wao kuna hakuna kama lakini sana pia tu bado sasa hapa huko kila mtu watu wote nini nani lini wapi
sw kabla baada mpaka hadi kuhusu kutoka ndani mbele tena zaidi asante tafadhali au si vya cha yote mimi wewe sisi
sw ninyi leo jana kesho moja hata
tr ve bir bu da de icin ile cok ne var yok degil ama gibi daha en o ben sen biz siz ki mi mu neden nasil nerede
tr kim hic her sonra once kadar olan olarak bana sana bize size bizim sizin senin benim artik hep simdi bugun dun
tr sabah aksam gun zaman lutfen tesekkur ederim su diye butun hepsi hepiniz lazim ediyor olsun oldu etmek yapmak
tr kimse sey cunku eger veya ya hala acaba gore bile
ro si de la nu in pe cu un o este sunt ca sa se din pentru care mai am ai are avem aveti au ce cine cum unde cand
ro al ale lui ei noi voi eu tu el ea lor nostru noastra nostri vostru mea meu mei asta acest aceasta aceste
ro acestui sau dar daca iar fost fi va vor ar trebui foarte prea mult multi multe toti toate nimic nimeni niciodata
ro acum aici azi ieri dupa inainte peste prin fara catre spre intre despre imi iti isi ne va le ii il niste
ca els les el la i de que un una per amb no es del al dels als son sou som hi ha aquest aquesta aquests aquestes
ca molt molts massa mes pero perque com quan on qui que ens us em et li meva meu teva seva seu nostre nostra nostres
ca vostra vostre ara aqui fa des fins sense sobre tot tots tota totes res ningu mai cap ja si va van vam he has
ca han hem heu estic esta esteu feu fer cada dia gracies moltes algu davant abans despres o
ca aixi doncs dels quins tenim tinc podem puc vull ningu carrer ajuntament pot poden voleu volem tan tant nomes potser
ca encara sempre mentre cap amunt avall gens diuen fins he hauria haurien cal calen cosa coses any anys altres altre
ca nou bon bona sap sabeu
id yang dan di ini itu dengan untuk tidak dari dalam akan pada juga saya ke karena ada mereka kita kami anda kamu
id kalian aku dia bisa sudah telah belum lebih banyak sangat sekali semua setiap hari apa apakah siapa mengapa
id kenapa kapan bagaimana mana orang tetapi tapi atau jika kalau bagi para oleh seperti hanya lagi masih harus
id jangan bukan tanpa terlalu sebelum sesudah setelah sekarang tadi atas depan sini terima kasih ingin
id seharusnya sebaiknya mendapat menjadi melalui terhadap tentang antara selama sejak lain kota warga jalan tahun
id bulan minggu malam pagi siang uang rumah anak tak nggak gak
hi hai nahi nahin ka ki ke ko se mein kab kya kyun kyu aur bhi yeh ye woh hum aap tum raha rahi rahe karo kar karna
hi liye koi bhai sab bahut mera meri mere tera hota hoti hain tha thi kuch abhi
ru kogda na v i ne chto kak eto gde pochemu uzhe nam vam vy my oni ya ty skolko mozhno tolko ochen spasibo nado eto
ru ili esli dlya vse nas vas net est byl bylo budet
hr i je se na u da za su od s a ne ili ali kao iz sam si smo ste nije nisu sve svi ovo ova ovaj taj to ta ti mi
hr vi oni ona on nas vas nam vam moj moja nasa vasa kako kad kada gdje zasto sto tko ko ima imaju nema samo jos
hr vec vrlo bez pred po do pri hvala molim sta koji koja koje bih bi biti treba danas
cs a se na je v ze to s z do o i ve pro za by jsem jsme jste jsou jako ale tak kdy kde proc kdo co nebo uz jen
cs bez pred pri po od aby neni byl bylo byla ma mam mame mate nam vam nas vas moje nase vase ten ta tento tato
cs vsichni nikdo nikdy jeste velmi dekuji prosim dnes ktery ktera ktere take si mi
hu a az es hogy nem van egy is meg de ez csak mar mint ha meg el ki mi te en ezt azt vagy kell volt lesz nincs
hu miert mikor hol mindig soha nagyon kosszonom koszonom itt ott nekem neki minden senki
sv och att det som en pa ar av for med till den har de inte om ett men var jag sig fran vi sa kan nu nar man
sv ni mig dig oss vara vart din min ditt alla mycket mer ocksa varfor vem aldrig alltid tack utan efter eller
no og i jeg det at en et den til er som pa de med han av ikke der sa var meg seg men har vi fra du for om hva
no dere oss var vart min din noe noen alle veldig mer ogsa hvorfor hvem aldri alltid takk uten etter eller skal
fi ja on ei se etta oli han mutta ovat kun niin tai jos minun sinun meidan teidan miksi milloin missa kuka mita
fi olen olet olemme en emme ette eivat ole myos vain nyt taalla siella kaikki kiitos joka jotka tama nama liian
"""


@cache
def function_words() -> Mapping[str, frozenset[str]]:
    """The words of each language by its code, folded; each language's own set, words of several stand in several."""
    words: dict[str, set[str]] = defaultdict(set)
    for line in _TEXT.strip().split("\n"):
        code, _, rest = line.partition(" ")
        words[code].update(fold(rest.replace("'", "")).text.split())
    return {code: frozenset(found) for code, found in words.items()}


@cache
def telling_words() -> Mapping[str, frozenset[str]]:
    """For each language that is not read: its words of two letters and more that none of the read languages has."""
    words = function_words()
    read = frozenset[str]().union(*(words[code] for code in READ))
    return {
        code: frozenset(word for word in own - read if len(word) > 1) for code, own in words.items() if code not in READ
    }
